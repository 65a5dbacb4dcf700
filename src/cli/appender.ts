/** A file that is only added to, and whose bytes survive a loss of power once `append` has resolved. */
import { open } from 'node:fs/promises'
import { RekeyError } from '../record/errors.ts'
import type { Appender } from '../stage/stage.ts'

export async function appendTo(path: string): Promise<Appender> {
  const file = await open(path, 'a').catch((error: NodeJS.ErrnoException) => {
    throw new RekeyError('E_USAGE', `cannot write ${path}: ${error.code}`)
  })
  return {
    async append(bytes) {
      try {
        await file.appendFile(bytes)
        await file.datasync()
      } catch (error) {
        throw new RekeyError('E_FULL', `cannot write ${path}: ${(error as Error).message}`, { cause: error })
      }
    },
    close: () => file.close(),
  }
}
