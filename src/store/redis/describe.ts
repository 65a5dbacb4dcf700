/**
 * Type, expiry and time of many keys: one Lua script a call, and plain commands where that cannot be. The expiry is
 * absolute and exact to the millisecond, also on a server that tells only the time that is left.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { latestTime } from '../mtime.ts'
import { isUnknownCommand } from './classify.ts'
import type { Answer, Reply, Request } from './connection.ts'
import type { Scripts } from './scripts.ts'
import { cannotScript, script } from './scripts.ts'
import type { Servers } from './servers.ts'
import { sendByKey } from './servers.ts'

export interface Description {
  readonly type: string
  readonly expiresMs?: number
  readonly mtimeMs?: number
}

/** A description, undefined for a key that is absent, an error where the server would not tell. */
export type Described = Description | undefined | RekeyError

/** Defines `any_expires`: whether a key of the server has an expiry; true also where the server does not tell. */
export const ANY_EXPIRES_LUA = `
local keyspace = redis.pcall('INFO', 'keyspace')
local any_expires = type(keyspace) ~= 'string' or keyspace:find('expires=[1-9]') ~= nil
`

/**
 * Gives the types as one text, and for those keys that have one the expiry and the fields: a list of a few is cheaper
 * to send and read than one of all. Before Redis 7.0 there is no PEXPIRETIME: the time that is left is then read between two
 * looks at the clock, until both show the same millisecond.
 */
export const EXPIRY_LUA = `
local absolute = type(redis.pcall('PEXPIRETIME', KEYS[1])) == 'number'
local function millisecond()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function expiry(key)
  if absolute then return redis.call('PEXPIRETIME', key) end
  local left = redis.call('PTTL', key)
  if left < 0 then return left end
  while true do
    local before = millisecond()
    left = redis.call('PTTL', key)
    if millisecond() == before then return left < 0 and left or before + left end
  end
end
`

const DESCRIBE = script(`${ANY_EXPIRES_LUA}${EXPIRY_LUA}
local types, expiries, times = {}, {}, {}
for at = 1, #KEYS do
  local key = KEYS[at]
  local kind = redis.call('TYPE', key).ok
  types[at] = kind
  if kind ~= 'none' then
    local when = any_expires and expiry(key) or -1
    if when >= 0 then
      expiries[#expiries + 1] = at
      expiries[#expiries + 1] = when
    end
    if #ARGV > 0 and kind == 'hash' then times[#times + 1] = {at, redis.call('HMGET', key, unpack(ARGV))} end
  end
end
return {table.concat(types, ' '), expiries, times}
`)

/** How many times the clock is looked at again when its millisecond has ended in between. */
const LOOKS_AT_THE_CLOCK = 5

export class Describer {
  readonly #servers: Servers
  readonly #scripts: Scripts
  readonly #mtimeFields: readonly string[]
  /** false once a server has said that it does not know PEXPIRETIME, or that the user may not use it */
  #absoluteExpiry = true

  constructor(servers: Servers, scripts: Scripts, mtimeFields: readonly string[]) {
    this.#servers = servers
    this.#scripts = scripts
    this.#mtimeFields = mtimeFields
  }

  /** One description per key, in order; never throws. */
  async describe(keys: readonly Key[], signal: AbortSignal): Promise<readonly Described[]> {
    if (keys.length === 0) return []
    // In a cluster a script could name the keys of one slot alone, and most slots have but one of them.
    if (!this.#servers.isCluster && this.#scripts.allowed) {
      const [answer] = await this.#scripts.run(DESCRIBE, [{ keys, args: this.#mtimeFields }], signal)
      if (!cannotScript(answer)) return answer instanceof RekeyError ? keys.map(() => answer) : readScript(keys, answer)
    }
    return this.#describePlainly(keys, signal)
  }

  async #describePlainly(keys: readonly Key[], signal: AbortSignal): Promise<readonly Described[]> {
    const [types, expiries] = await Promise.all([
      sendByKey(
        this.#servers,
        keys,
        keys.map((key): Request => ['TYPE', key]),
        signal,
      ),
      this.#expiries(keys, signal),
    ])
    const described = keys.map((_, at) => describedBy(types[at], expiries[at]))
    return this.#mtimeFields.length === 0 ? described : this.#withTimes(keys, described, signal)
  }

  async #expiries(keys: readonly Key[], signal: AbortSignal): Promise<readonly Answer[]> {
    if (this.#absoluteExpiry) {
      const answers = await sendByKey(
        this.#servers,
        keys,
        keys.map((key): Request => ['PEXPIRETIME', key]),
        signal,
      )
      if (!answers.some(isNotOffered)) return answers
      if (answers.every(isNotOffered)) this.#absoluteExpiry = false
    }
    return this.#expiriesByTimeLeft(keys, signal)
  }

  async #expiriesByTimeLeft(keys: readonly Key[], signal: AbortSignal, looks = 1): Promise<readonly Answer[]> {
    const requests = keys.flatMap((key): Request[] => [['TIME'], ['PTTL', key], ['TIME']])
    const routes = keys.flatMap((key) => [key, key, key])
    const answers = await sendByKey(this.#servers, routes, requests, signal)
    const expiries = keys.map((_, at) => timeLeft(answers.slice(at * 3, at * 3 + 3), looks === LOOKS_AT_THE_CLOCK))
    const open = [...keys.keys()].filter((at) => expiries[at] === 'look again')
    if (open.length === 0) return expiries as Answer[]
    const again = await this.#expiriesByTimeLeft(
      open.map((at) => keys[at] as Key),
      signal,
      looks + 1,
    )
    open.forEach((at, nth) => {
      expiries[at] = again[nth] as Answer
    })
    return expiries as Answer[]
  }

  async #withTimes(keys: readonly Key[], described: readonly Described[], signal: AbortSignal) {
    const hashes = [...keys.keys()].filter((at) => isDescription(described[at]) && described[at].type === 'hash')
    const requests = hashes.map((at): Request => ['HMGET', keys[at] as Key, ...this.#mtimeFields])
    const answers = await sendByKey(
      this.#servers,
      hashes.map((at) => keys[at] as Key),
      requests,
      signal,
    )
    const timed = [...described]
    hashes.forEach((at, nth) => {
      const answer = answers[nth]
      timed[at] = answer instanceof RekeyError ? answer : withTime(described[at] as Description, answer as Reply[])
    })
    return timed
  }
}

export function isDescription(described: Described): described is Description {
  return described !== undefined && !(described instanceof RekeyError)
}

function readScript(keys: readonly Key[], answer: Reply | undefined): readonly Described[] {
  const [typesText, expiries, times] = answer as readonly [Buffer, readonly number[], readonly [number, Reply[]][]]
  const types = typesText.toString('latin1').split(' ')
  const described: Described[] = keys.map((_, at) =>
    types[at] === 'none' ? undefined : (PLAIN[types[at] as string] ?? { type: types[at] as string }),
  )
  for (let at = 0; at < expiries.length; at += 2) {
    const place = (expiries[at] as number) - 1
    described[place] = { expiresMs: expiries[at + 1] as number, ...(described[place] as Description) }
  }
  for (const [place, values] of times) described[place - 1] = withTime(described[place - 1] as Description, values)
  return described
}

/** One object for all keys of a type that have no expiry. */
const PLAIN: Readonly<Record<string, Description>> = Object.fromEntries(
  ['string', 'hash', 'list', 'set', 'zset', 'stream'].map((type) => [type, { type }]),
)

function withTime(description: Description, values: readonly Reply[]): Description {
  const mtimeMs = latestTime(values.map((value) => (value === null ? undefined : (value as Buffer).toString('latin1'))))
  return mtimeMs === undefined ? description : { mtimeMs, ...description }
}

function describedBy(typeAnswer: Answer | undefined, expiry: Answer | undefined): Described {
  if (typeAnswer instanceof RekeyError) return typeAnswer
  if (expiry instanceof RekeyError) return expiry
  const type = (typeAnswer as Buffer).toString('latin1')
  // -2: the key has gone between the two questions.
  if (type === 'none' || expiry === -2) return undefined
  return expiry === -1 ? { type } : { type, expiresMs: expiry as number }
}

function timeLeft([before, left, after]: readonly Answer[], isLast: boolean): Answer | 'look again' {
  for (const answer of [before, left, after]) if (answer instanceof RekeyError) return answer
  if ((left as number) < 0) return left as number
  if (!isLast && millisecondOf(before) !== millisecondOf(after)) return 'look again'
  return millisecondOf(before) + (left as number)
}

function millisecondOf(time: Answer | undefined): number {
  const [seconds, microseconds] = time as readonly [Buffer, Buffer]
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
}

function isNotOffered(answer: Answer): boolean {
  return answer instanceof RekeyError && (isUnknownCommand(answer) || answer.code === 'E_DENIED')
}
