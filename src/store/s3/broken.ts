/** What a request means that came to no answer: whether it may have had an effect, and whether asking again may help. Pure. */
import { RekeyError } from '../../record/errors.ts'
import type { Broken } from './exchange.ts'
import type { Request } from './request.ts'
import { isRead } from './request.ts'

export const ENDED = new Error('the run was ended before the answer came')

/** `place` names the bucket, for the message. E_UNANSWERED where it may have had an effect. */
export function brokenFailure(request: Request, broken: Broken, place: string, timeoutMs: number): RekeyError {
  const { error, wasSent, wasAnswered } = broken
  const what = `${place}: ${wordsOf(error, timeoutMs)}`
  if (wasSent && !isRead(request)) return new RekeyError('E_UNANSWERED', what, { cause: error })
  const isLate = isTimeout(broken)
  const cut = wasAnswered && !isLate ? ', while the answer came' : ''
  return new RekeyError(isLate ? 'E_TIMEOUT' : 'E_CONNECTION', `${what}${cut}`, { cause: error })
}

export function isTimeout({ error }: Broken): boolean {
  return (error as NodeJS.ErrnoException).code === TIMED_OUT
}

const TIMED_OUT = 'ETIMEDOUT'

/** A connection that has ended, as the server does with one that was idle. */
export function isClosed({ error }: Broken): boolean {
  return CLOSINGS.has((error as NodeJS.ErrnoException).code ?? '')
}

const CLOSINGS = new Set(['ECONNRESET', 'EPIPE'])

function wordsOf(error: Error, timeoutMs: number): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === TIMED_OUT) return `no answer in ${timeoutMs} ms`
  // Connecting to several addresses fails with one error for each, and no words of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  return first.message || String(code)
}
