/** What an error of a server, or of the way to it, means. Pure; never lets an argument of a command into a message. */

import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'

type Rule = readonly [pattern: RegExp, code: ErrorCode, says: (command: string, text: string) => string]

const DENIED = (command: string, text: string) => {
  const named = /(?:run the|command) '([^']+)'/.exec(text)?.[1] ?? command
  return /keys|channel/.test(text)
    ? `the Redis user may not touch this key with ${named.toUpperCase()}; widen its key patterns (ACL SETUSER ... ~PATTERN)`
    : `the Redis user may not run ${named.toUpperCase()}; allow it (ACL SETUSER ... +${named.toLowerCase()})`
}

/** In the order in which they are tried; the first that matches counts. */
const RULES: readonly Rule[] = [
  [/^NOPERM|because of: NOPERM|user executing the script|can't run this command/i, 'E_DENIED', DENIED],
  [/^WRONGPASS|invalid password|^ERR invalid username/i, 'E_AUTH', () => 'Redis refuses the user name or password'],
  [
    /^NOAUTH|Authentication required/i,
    'E_AUTH',
    () => 'Redis wants a password: give it in REDIS_URL, in a REDIS_URL_* of the same host, or in REDISCLI_AUTH',
  ],
  [/^READONLY|read only replica/i, 'E_READONLY', () => 'this Redis is a read-only replica; name its master'],
  [/^OOM|maxmemory/i, 'E_FULL', () => 'Redis is out of memory (maxmemory) and evicts nothing'],
  [
    /^MISCONF.*(?:space|disk|AOF|snapshot)/i,
    'E_READONLY',
    () => 'Redis takes no writes because it cannot save to its disk (MISCONF)',
  ],
  [/^MISCONF|^NOREPLICAS/, 'E_READONLY', (_, text) => `Redis takes no writes for now: ${firstLine(text)}`],
  [/^LOADING/, 'E_BUSY', () => 'Redis is loading its data'],
  [/^BUSYKEY/, 'E_EXISTS', () => 'the key exists'],
  [/^BUSY|^UNKILLABLE/, 'E_BUSY', () => 'Redis is busy running a script'],
  [/^(?:MOVED|ASK) /, 'E_BUSY', () => 'the cluster is moving the slot of this key'],
  [/^(?:TRYAGAIN|CLUSTERDOWN|MASTERDOWN)/, 'E_BUSY', (_, text) => `Redis asks to be asked later: ${firstLine(text)}`],
  [/max number of clients/, 'E_BUSY', () => 'Redis has no connection left (maxclients)'],
  [/WRONGTYPE/, 'E_TYPE', (command) => `a key of this type cannot be used with ${command.toUpperCase()}`],
  [
    /DUMP payload version or checksum|Bad data format/,
    'E_TYPE',
    () => 'this Redis cannot take in the DUMP of another, most likely because it is older',
  ],
  [/DB index is out of range|invalid DB index/i, 'E_LOCATION', () => 'this Redis has no database of that number'],
]

/** The error that an answer of Redis is. `command` names what was sent, in a message. */
export function classify(text: string, command: string): RekeyError {
  for (const [pattern, code, says] of RULES) {
    if (pattern.test(text)) return new RekeyError(code, says(command, text))
  }
  return new RekeyError('E_STORE', `${command.toUpperCase()}: ${firstLine(text)}`)
}

/** Whether the server, or what stands before it, does not know the command: then there may be another way. */
export function isUnknownCommand(error: RekeyError): boolean {
  return error.code === 'E_STORE' && /unknown (?:redis )?command/i.test(error.message)
}

/** How XINFO says that a key is absent, where other commands give nothing. */
export function isNoSuchKey(error: RekeyError): boolean {
  return error.code === 'E_STORE' && /no such key/i.test(error.message)
}

/** What went wrong with a connection, by the code that Node gives it. */
export function connectionError(place: string, cause: unknown): RekeyError {
  const code = (cause as { code?: string } | undefined)?.code ?? ''
  const text = cause instanceof Error ? cause.message : String(cause)
  return new RekeyError('E_CONNECTION', `${place}: ${CONNECTION_TEXTS[code] ?? tlsText(code, text) ?? text}`, { cause })
}

const CONNECTION_TEXTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (ECONNREFUSED)',
  ENOTFOUND: 'no host has this name (ENOTFOUND)',
  EAI_AGAIN: 'the name of the host cannot be looked up now (EAI_AGAIN)',
  ETIMEDOUT: 'no answer to the attempt to connect (ETIMEDOUT); with rediss://, perhaps because the port speaks no TLS',
  ECONNRESET: 'the connection was cut (ECONNRESET); if the port speaks TLS, use rediss://',
}

function tlsText(code: string, text: string): string | undefined {
  if (/SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|DEPTH_ZERO/.test(code)) {
    return `its TLS certificate is signed by nobody that is trusted here (${code}); name the CA's file in REDIS_CA_FILE`
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its TLS certificate is for another host: ${text}`
  if (code.startsWith('CERT_')) return `its TLS certificate is not valid: ${text} (${code})`
  if (/wrong version number|ERR_SSL/.test(code + text)) return 'what listens there does not speak TLS; use redis://'
  return undefined
}

/** Without what a server repeats of the arguments: of AUTH that would be the password. */
function firstLine(text: string): string {
  return (text.split(/\n|, with args beginning with/, 1)[0] ?? '').slice(0, 300)
}
