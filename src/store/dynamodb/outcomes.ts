/** From what a write was answered to its outcome. Pure. */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Outcome } from '../contract.ts'

export const DONE: Outcome = { outcome: 'done' }
export const EXISTS: Outcome = { outcome: 'skipped', reason: 'exists' }
export const GONE: Outcome = { outcome: 'skipped', reason: 'gone' }

export function failed(code: RekeyError['code'], message: string): Outcome {
  return { outcome: 'failed', error: new RekeyError(code, message) }
}

/** What became of a write that has thrown: not done, or sent and not answered. */
export function outcomeOf(thrown: unknown): Outcome {
  const error = toRekeyError(thrown)
  return { outcome: error.code === 'E_UNANSWERED' ? 'unknown' : 'failed', error }
}
