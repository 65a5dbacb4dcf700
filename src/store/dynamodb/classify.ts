/**
 * What an error of the SDK means:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html. Pure. Only the name and the
 * message of an error are ever repeated.
 */
import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'

/** What is looked at of a thrown error; the SDK's own kinds differ in nothing else. */
interface Thrown {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly errors?: readonly Thrown[]
  readonly CancellationReasons?: readonly CancellationReason[]
  readonly $metadata?: { readonly httpStatusCode?: number }
}

/** What one action of a cancelled transaction has to do with that; `None` where nothing. */
export interface CancellationReason {
  readonly Code?: string | undefined
  readonly Message?: string | undefined
}

/** The failure that an error stands for. `what` names the request, and the key where it is about one. */
export function failureOf(thrown: unknown, what: string, isWrite: boolean): RekeyError {
  if (thrown instanceof RekeyError) return thrown
  const error = (thrown ?? {}) as Thrown
  const code = codeOf(error, isWrite)
  return new RekeyError(code, `${what}: ${wordsOf(error)}`, { cause: thrown })
}

/** Whether the server asks for fewer requests. */
export function asksForLess(thrown: unknown): boolean {
  const isThrottled = ({ Code = '' }: CancellationReason) => CODES_OF_REASONS[Code] === 'E_BUSY'
  return CODES[(thrown as Thrown | undefined)?.name ?? ''] === 'E_BUSY' || reasonsOf(thrown)?.some(isThrottled) === true
}

/** Why a transaction was cancelled, by its actions in their order; undefined for any other error. */
export function reasonsOf(thrown: unknown): readonly CancellationReason[] | undefined {
  const { name, CancellationReasons } = (thrown ?? {}) as Thrown
  return name === 'TransactionCanceledException' ? (CancellationReasons ?? []) : undefined
}

/** The failure of an action that is to blame for a cancellation. `what` names it. */
export function failureOfReason({ Code = '', Message = '' }: CancellationReason, what: string): RekeyError {
  const code = CODES_OF_REASONS[Code] ?? (Code === 'ValidationError' ? validation(Message) : 'E_STORE')
  return new RekeyError(code, `${what}: ${[Code, Message].filter((word) => word !== '').join(', ')}`)
}

/** Whether the server does not know what it is asked to do. */
export function isUnknownOperation(thrown: unknown): boolean {
  return (thrown as Thrown | undefined)?.name === 'UnknownOperationException'
}

/** Whether a write has not been made because its condition did not hold. */
export function isConditionFailed(thrown: unknown): boolean {
  return (thrown as Thrown | undefined)?.name === 'ConditionalCheckFailedException'
}

/** Whether the request as a whole is refused for what one of its items is. */
export function isInvalid(thrown: unknown): boolean {
  return (thrown as Thrown | undefined)?.name === 'ValidationException'
}

function codeOf(error: Thrown, isWrite: boolean): ErrorCode {
  const { name = '', message = '' } = error
  const status = error.$metadata?.httpStatusCode
  if (name === 'ValidationException') return validation(message)
  const known = CODES[name]
  if (known !== undefined) return known
  if (status !== undefined && status < 500) return status === 403 || status === 401 ? 'E_DENIED' : 'E_STORE'
  if (status === 503) return 'E_BUSY'
  // What an inner error of the server leaves behind, nobody knows.
  if (status !== undefined) return isWrite ? 'E_UNANSWERED' : 'E_BUSY'
  return lost(error, isWrite)
}

/** No answer has come. */
function lost(error: Thrown, isWrite: boolean): ErrorCode {
  const { name = '', code = '', errors = [] } = error
  if (name === 'CredentialsProviderError') return 'E_AUTH'
  if (NOT_SENT.has(code) || (errors.length > 0 && errors.every((one) => NOT_SENT.has(one.code ?? ''))))
    return 'E_CONNECTION'
  const isTimeout = name === 'TimeoutError'
  if (isTimeout && /connect|socket/i.test(error.message ?? '') && /establish/i.test(error.message ?? ''))
    return 'E_TIMEOUT'
  if (isWrite) return 'E_UNANSWERED'
  return isTimeout ? 'E_TIMEOUT' : 'E_CONNECTION'
}

/** Nothing of the request can have reached the server. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'])

function validation(message: string): ErrorCode {
  if (/item size/i.test(message)) return 'E_TOO_LARGE'
  if (/size of (hash|range|sort|partition) ?key|key value|empty string|hashkey|rangekey/i.test(message)) return 'E_NAME'
  return 'E_STORE'
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ResourceNotFoundException: 'E_LOCATION',
  TableNotFoundException: 'E_LOCATION',
  AccessDeniedException: 'E_DENIED',
  AccessDenied: 'E_DENIED',
  UnauthorizedOperation: 'E_DENIED',
  KMSAccessDeniedException: 'E_DENIED',
  InaccessibleEncryptionDateTimeException: 'E_DENIED',
  UnrecognizedClientException: 'E_AUTH',
  InvalidSignatureException: 'E_AUTH',
  IncompleteSignatureException: 'E_AUTH',
  IncompleteSignature: 'E_AUTH',
  MissingAuthenticationTokenException: 'E_AUTH',
  MissingAuthenticationToken: 'E_AUTH',
  InvalidClientTokenId: 'E_AUTH',
  ExpiredTokenException: 'E_AUTH',
  ExpiredToken: 'E_AUTH',
  OptInRequired: 'E_AUTH',
  ProvisionedThroughputExceededException: 'E_BUSY',
  ThrottlingException: 'E_BUSY',
  Throttling: 'E_BUSY',
  RequestLimitExceeded: 'E_BUSY',
  LimitExceededException: 'E_BUSY',
  TooManyRequestsException: 'E_BUSY',
  TransactionConflictException: 'E_BUSY',
  TransactionInProgressException: 'E_BUSY',
  ReplicatedWriteConflictException: 'E_BUSY',
  ServiceUnavailable: 'E_BUSY',
  ServiceUnavailableException: 'E_BUSY',
  RequestTimeout: 'E_TIMEOUT',
  ConditionalCheckFailedException: 'E_CHANGED',
  ItemCollectionSizeLimitExceededException: 'E_FULL',
  UnknownOperationException: 'E_UNSUPPORTED',
  SerializationException: 'E_STORE',
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const CODES_OF_REASONS: Readonly<Record<string, ErrorCode>> = {
  TransactionConflict: 'E_BUSY',
  ProvisionedThroughputExceeded: 'E_BUSY',
  ThrottlingError: 'E_BUSY',
  ItemCollectionSizeLimitExceeded: 'E_FULL',
}

function wordsOf({ name, message, code, errors }: Thrown): string {
  // Connecting to several addresses fails with one error for each, and no words of its own.
  const words = message || errors?.[0]?.message || code || 'no answer'
  return name === undefined || name === 'Error' || name === 'AggregateError' ? words : `${name}, ${words}`
}
