/** From the answer to a write to its outcome. Pure. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome } from '../contract.ts'
import { Unanswered } from './connection.ts'

export const DONE: Outcome = { outcome: 'done' }
export const EXISTS: Outcome = { outcome: 'skipped', reason: 'exists' }
export const GONE: Outcome = { outcome: 'skipped', reason: 'gone' }
export const MERGED: Outcome = { outcome: 'done', reason: 'merged' }
export const REPLACED: Outcome = { outcome: 'done', reason: 'replaced' }

/** What became of a write whose request was answered by this error: not done, or not known. */
export function outcomeOf(error: RekeyError, key: Key): Outcome {
  if (!(error instanceof Unanswered)) return { outcome: 'failed', error: about(error, key) }
  const code = error.code === 'E_TIMEOUT' ? 'E_TIMEOUT' : 'E_UNANSWERED'
  return { outcome: 'unknown', error: new RekeyError(code, `${keyText(key)} may have been written: ${error.message}`) }
}

export function failed(code: RekeyError['code'], key: Key, says: string): Outcome {
  return { outcome: 'failed', error: new RekeyError(code, `${keyText(key)} ${says}`) }
}

/** The same error, naming the key. */
function about(error: RekeyError, key: Key): RekeyError {
  return new RekeyError(error.code, `${keyText(key)}: ${error.message}`, { cause: error })
}
