/** Looking at keys so that each has an answer, whatever becomes of the call. */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Entry, Looked, Store } from './contract.ts'

/** One answer per key. A call that fails as a whole fails for each key: nobody may go on as if nothing were there. */
export async function lookAt(store: Store, keys: readonly Key[], signal: AbortSignal): Promise<readonly Looked[]> {
  if (keys.length === 0) return []
  try {
    return await store.stat(keys, signal)
  } catch (thrown) {
    const error = toRekeyError(thrown)
    return keys.map(() => error)
  }
}

export function isEntry(looked: Looked): looked is Entry {
  return looked !== undefined && !(looked instanceof RekeyError)
}
