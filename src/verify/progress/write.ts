/** Writes the page whole or not at all, by the store of files: a browser that looks meanwhile gets the old one. */
import { basename, dirname } from 'node:path'
import { RekeyError } from '../../record/errors.ts'
import type { Context } from '../../stage/stage.ts'
import { plainContent } from '../../store/plain-content.ts'

/** Throws E_USAGE with the path where it cannot be written. */
export async function writeFile(path: string, text: string, context: Context): Promise<void> {
  const directory = dirname(path)
  const store = await context.open(`file:${directory.endsWith('/') ? directory : `${directory}/`}`)
  const content = plainContent(Buffer.from(text, 'utf8'))
  const outcome = await store.write?.({ key: basename(path), content }, 'any', context.abort)
  if (outcome?.outcome !== 'done') {
    const why = outcome !== undefined && 'error' in outcome ? `: ${outcome.error.message}` : ''
    throw new RekeyError('E_USAGE', `--html: cannot write ${path}${why}`)
  }
}
