/**
 * Tells what an answer of S3 means: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and what
 * Ceph, Swift, MinIO and R2 say instead. Only the code and the message of an error are ever repeated.
 */
import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'
import type { Reply } from './request.ts'
import { tag, unescapeXml } from './xml.ts'

/**
 * Whether a reply is an error: by its status, or by an <Error> inside a 200, as slow operations have it. Not for the
 * content of an object, which may be any XML.
 */
export function isError(reply: Reply): boolean {
  return reply.status >= 300 || (reply.body.length > 0 && rootIsError(reply.body))
}

/**
 * The failure that an error reply stands for. `what` names the request and the key, for the message; `needs` says what must
 * be allowed for it, for one that was denied.
 */
export function failureOf(reply: Reply, what: string, needs?: string): RekeyError {
  const code = errorCode(reply)
  const words = wordsOf(reply, code)
  const meaning = isOfCustomerKey(words) ? 'E_UNSUPPORTED' : (code && CODES[code]) || byStatus(reply.status)
  return new RekeyError(meaning, `${what}: ${words}${adviceOn(meaning, reply, code, needs)}`)
}

function adviceOn(meaning: ErrorCode, { status }: Reply, code: string | undefined, needs: string | undefined): string {
  if (meaning === 'E_DENIED' && needs !== undefined) return `; allow ${needs}`
  if (meaning === 'E_UNSUPPORTED' && code === 'InvalidRequest') return `; ${CUSTOMER_KEY} cannot be read here`
  // A HEAD is refused without a word.
  if (status === 400 && code === undefined) return `; so is answered for ${CUSTOMER_KEY}, which cannot be read here`
  return ''
}

const CUSTOMER_KEY = "an object that is encrypted with a customer's key (SSE-C)"

function isOfCustomerKey(words: string): boolean {
  return /^InvalidRequest, .*stored using a form of Server.Side Encryption/i.test(words)
}

/** S3's word for the error; undefined where the reply holds none, as every reply to HEAD. */
export function errorCode(reply: Reply): string | undefined {
  return reply.body.length === 0 ? undefined : tag(reply.body.toString('utf8'), 'Code')
}

/** Whether the server asks for fewer requests. */
export function asksForLess(reply: Reply): boolean {
  if (reply.status === 503 || reply.status === 429) return true
  return reply.status === 200 && rootIsError(reply.body) && CODES[errorCode(reply) ?? ''] === 'E_BUSY'
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: 'E_LOCATION',
  InvalidBucketName: 'E_LOCATION',
  PermanentRedirect: 'E_LOCATION',
  AuthorizationHeaderMalformed: 'E_AUTH',
  AccessDenied: 'E_DENIED',
  AllAccessDisabled: 'E_DENIED',
  AccountProblem: 'E_DENIED',
  InvalidObjectState: 'E_DENIED',
  InvalidAccessKeyId: 'E_AUTH',
  SignatureDoesNotMatch: 'E_AUTH',
  ExpiredToken: 'E_AUTH',
  InvalidToken: 'E_AUTH',
  TokenRefreshRequired: 'E_AUTH',
  InvalidSecurity: 'E_AUTH',
  NotSignedUp: 'E_AUTH',
  RequestTimeTooSkewed: 'E_AUTH',
  SlowDown: 'E_BUSY',
  ServiceUnavailable: 'E_BUSY',
  Throttling: 'E_BUSY',
  ThrottlingException: 'E_BUSY',
  RequestLimitExceeded: 'E_BUSY',
  TooManyRequests: 'E_BUSY',
  InternalError: 'E_BUSY',
  OperationAborted: 'E_BUSY',
  ConditionalRequestConflict: 'E_BUSY',
  TemporaryRedirect: 'E_BUSY',
  RequestTimeout: 'E_TIMEOUT',
  // What came is not what was sent.
  BadDigest: 'E_CONNECTION',
  XAmzContentChecksumMismatch: 'E_CONNECTION',
  XAmzContentSHA256Mismatch: 'E_CONNECTION',
  PreconditionFailed: 'E_CHANGED',
  KeyTooLongError: 'E_NAME',
  KeyTooLong: 'E_NAME',
  InvalidURI: 'E_NAME',
  NotImplemented: 'E_UNSUPPORTED',
  MethodNotAllowed: 'E_UNSUPPORTED',
  QuotaExceeded: 'E_FULL',
  EntityTooLarge: 'E_FULL',
}

function byStatus(status: number): ErrorCode {
  if (status === 401) return 'E_AUTH'
  if (status === 403) return 'E_DENIED'
  if (status === 412) return 'E_CHANGED'
  if (status === 408 || status === 504) return 'E_TIMEOUT'
  if (status === 429 || status === 500 || status === 502 || status === 503 || status === 307) return 'E_BUSY'
  if (status === 501 || status === 405) return 'E_UNSUPPORTED'
  return status === 301 ? 'E_LOCATION' : 'E_STORE'
}

function wordsOf(reply: Reply, code: string | undefined): string {
  if (code === undefined) return `HTTP ${reply.status}`
  const message = unescapeXml(tag(reply.body.toString('utf8'), 'Message') ?? '')
  return message === '' || message === code ? `${code} (HTTP ${reply.status})` : `${code}, ${message}`
}

/** Servers that work on keep the connection alive with white space before the document. */
function rootIsError(body: Buffer): boolean {
  let at = 0
  while (isSpace(body[at])) at++
  if (body[at] === LESS && body[at + 1] === QUESTION) {
    // By hand: it is some forty bytes, for which a call out of JavaScript is not worth it.
    while (at < body.length && (body[at] !== QUESTION || body[at + 1] !== GREATER)) at++
    at += 2
    while (isSpace(body[at])) at++
  }
  for (let nth = 0; nth < ERROR_TAG.length; nth++) if (body[at + nth] !== ERROR_TAG[nth]) return false
  return true
}

const ERROR_TAG = Buffer.from('<Error')
const LESS = 0x3c
const GREATER = 0x3e
const QUESTION = 0x3f

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
