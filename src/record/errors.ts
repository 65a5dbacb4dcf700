/**
 * The one class of errors, with a closed list of codes.
 * Match on the code, never on the message. A message names the key, line or flag and says what to do;
 * it never holds a secret.
 */

/** What the caller can do about an error. */
export type Remedy = 'fix the command' | 'skip the record' | 'try again' | 'cannot know'

/** Every code, what it means and what can be done. docs/errors.md says more, and a test holds the two together. */
export const ERROR_CODES = {
  E_USAGE: ['fix the command', 'a flag or argument is missing, unknown or impossible'],
  E_LOCATION: ['fix the command', 'a location cannot be read as one, or names a store that rekey does not know'],
  E_UNSUPPORTED: ['fix the command', 'the store cannot do what is asked of it'],
  E_AUTH: ['fix the command', 'the store refuses the user name or password'],
  E_DENIED: ['fix the command', 'the user lacks a permission that is needed'],
  E_READONLY: ['fix the command', 'the store takes no writes'],
  E_INPUT: ['skip the record', 'a line of input is not a record'],
  E_FIELD: ['skip the record', 'a field that is needed is missing or of the wrong kind'],
  E_COLLISION: ['skip the record', 'the new key is wanted by another record, or is itself a key still to be moved'],
  E_EXISTS: ['skip the record', 'the destination exists, and --if-exists fail was given'],
  E_NAME: ['skip the record', 'the store cannot hold a key of this name'],
  E_OUTSIDE: ['skip the record', 'the key would leave the directory of its location'],
  E_BLOCKED: ['skip the record', 'something stands in the way: a file where a directory must be, or the reverse'],
  E_TYPE: ['skip the record', 'what is stored there is of a type for which this cannot be done'],
  E_TOO_LARGE: ['skip the record', 'the store cannot hold content of this size'],
  E_CHANGED: ['skip the record', 'the key is no longer what the record says it was'],
  E_UNPROVEN: ['skip the record', 'the record holds nothing by which the key could be recognised'],
  E_COMMAND: [
    'skip the record',
    'the command that was run says that it failed, or was ended, perhaps with the worker that ran it',
  ],
  E_FULL: ['fix the command', 'the store has no room left'],
  E_BUSY: ['try again', 'the store is there and asks to be asked later'],
  E_CONNECTION: ['try again', 'the store cannot be reached'],
  E_TIMEOUT: ['try again', 'the store did not answer in time'],
  E_STORE: ['skip the record', 'the store answered with an error that rekey does not know'],
  E_UNANSWERED: ['cannot know', 'a write was sent and no answer came, and a look at the store does not tell either'],
} as const satisfies Record<string, readonly [Remedy, string]>

export type ErrorCode = keyof typeof ERROR_CODES

/** An error as it stands in a record's `error` field. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly retryable: boolean
  /** the line of input, counted from 1, with E_INPUT */
  readonly line?: number
  /** the other key, with E_COLLISION */
  readonly other?: string
  readonly other64?: string
}

export class RekeyError extends Error {
  override readonly name = 'RekeyError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** Whether the same call may succeed when it is made again. */
  get retryable(): boolean {
    return ERROR_CODES[this.code][0] === 'try again'
  }

  toFailure(): Failure {
    return { code: this.code, message: this.message, retryable: this.retryable }
  }
}

/** Any thrown value as a RekeyError: one of ours as it is, a working directory that is gone as E_LOCATION, else E_STORE. */
export function toRekeyError(thrown: unknown): RekeyError {
  if (thrown instanceof RekeyError) return thrown
  if ((thrown as NodeJS.ErrnoException | undefined)?.syscall === 'uv_cwd') {
    const why = 'the directory that this runs in is not there any more, or may not be looked at; cd to another one'
    return new RekeyError('E_LOCATION', why, { cause: thrown })
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new RekeyError('E_STORE', message, { cause: thrown })
}
