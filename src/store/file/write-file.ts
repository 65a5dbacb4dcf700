/** Writes the content of another store as a file. Holds one chunk of it. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Aspect, Content, Guard, Item, Outcome } from '../contract.ts'
import { unheld } from '../unheld.ts'
import { keepAttributes } from './attributes.ts'
import { writeBeside, writeFully } from './content-io.ts'
import { Staging } from './staging.ts'
import type { Tree } from './tree.ts'

/** What a file keeps beside its bytes. */
export const HOLDS: readonly Aspect[] = ['mtime', 'mode']

const UNFINISHED_MODE = 0o600
/** Content without a mode gets the one that the umask leaves of this, as any new file does. */
const NEW_FILE_MODE = 0o666

export async function writeFile(tree: Tree, { key, content, expect }: Item, guard: Guard): Promise<Outcome> {
  if (content.form !== 'plain') return { outcome: 'failed', error: notPlain(key, content) }
  const staging = new Staging(tree, guard)
  const mode = content.mode === undefined ? NEW_FILE_MODE : UNFINISHED_MODE
  const staged = await staging.stage(key, expect, mode, async (file) => {
    await writeBody(file, key, content)
    return [...unheld(content, HOLDS), ...keepAttributes(file, content)]
  })
  return (await staging.settle([staged]))[0] as Outcome
}

async function writeBody(file: number, key: Key, { body, sizeBytes }: Content): Promise<void> {
  let total = 0
  for await (const chunk of body()) {
    // A small content is one chunk, and waiting for a thread costs more than writing it.
    if (total === 0) writeFully(file, chunk)
    else await writeBeside(file, chunk)
    total += chunk.length
  }
  if (sizeBytes === undefined || sizeBytes === total) return
  const message = `key ${keyText(key)}: ${sizeBytes} bytes were announced and ${total} came; run again for what it is now`
  throw new RekeyError('E_CHANGED', message)
}

function notPlain(key: Key, { form, type }: Content): RekeyError {
  const what = type === undefined ? form : `a ${type} (${form})`
  return new RekeyError('E_TYPE', `key ${keyText(key)}: a file holds bytes and cannot hold ${what}`)
}
