/** One request, and what its answer is worth. */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Outcome } from '../contract.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import type { Reply, Request } from './request.ts'

/** The answer to a request that must succeed. Throws what an error means; `what` and `needs` as for `failureOf`. */
export async function demand(
  bucket: Bucket,
  request: Request,
  what: string,
  signal: AbortSignal,
  needs?: string,
): Promise<Reply> {
  const reply = await bucket.send(request, signal)
  if (isError(reply)) throw failureOf(reply, what, needs)
  return reply
}

/** What became of a write that has thrown: not done, or sent and not answered. */
export function outcomeOf(thrown: unknown): Outcome {
  const error = toRekeyError(thrown)
  return { outcome: error.code === 'E_UNANSWERED' ? 'unknown' : 'failed', error }
}

export function failed(code: RekeyError['code'], message: string): Outcome {
  return { outcome: 'failed', error: new RekeyError(code, message) }
}

export const EXISTS: Outcome = { outcome: 'skipped', reason: 'exists' }
export const GONE: Outcome & { readonly outcome: 'skipped' } = { outcome: 'skipped', reason: 'gone' }
