/**
 * Unites collections: what the destination lacks is added, what it has stays, its expiry too. Hashes by HSETNX, sets by
 * SADD, sorted sets by ZADD NX; anything else cannot be united. One step a key inside the server, except for a content
 * that is large or in another slot: that is added in ranges, each of which only ever adds.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyBytes } from '../../record/key.ts'
import type { Outcome, Pair } from '../contract.ts'
import type { Ask } from './ask.ts'
import { asker } from './ask.ts'
import type { Answer, Reply, Request } from './connection.ts'
import { LONG_ELEMENTS } from './digest-lua.ts'
import { scanned } from './long-digest.ts'
import { failed, GONE, MERGED, outcomeOf } from './outcomes.ts'
import type { Scripts } from './scripts.ts'
import { cannotScript, script } from './scripts.ts'
import type { Servers } from './servers.ts'
import { slotOf } from './slot.ts'

/** KEYS: source, destination. Adds in portions, because Lua takes no more than some thousand arguments at once. */
const MERGE = script(`
local from, to = KEYS[1], KEYS[2]
local kind, other = redis.call('TYPE', from).ok, redis.call('TYPE', to).ok
if kind == 'none' then return 'gone' end
if other == 'none' then return 'absent' end
if kind ~= other then return kind .. ' ' .. other end
local function portions(flat, add)
  for at = 1, #flat, 1000 do add({unpack(flat, at, math.min(at + 999, #flat))}) end
end
if kind == 'hash' then
  if redis.call('HLEN', from) >= ${LONG_ELEMENTS} then return 'long' end
  local flat = redis.call('HGETALL', from)
  for at = 1, #flat, 2 do redis.call('HSETNX', to, flat[at], flat[at + 1]) end
elseif kind == 'set' then
  if redis.call('SCARD', from) >= ${LONG_ELEMENTS} then return 'long' end
  portions(redis.call('SMEMBERS', from), function(part) redis.call('SADD', to, unpack(part)) end)
elseif kind == 'zset' then
  if redis.call('ZCARD', from) >= ${LONG_ELEMENTS} then return 'long' end
  portions(redis.call('ZRANGE', from, '0', '-1', 'WITHSCORES'), function(part)
    for at = 1, #part, 2 do part[at], part[at + 1] = part[at + 1], part[at] end
    redis.call('ZADD', to, 'NX', unpack(part))
  end)
else
  return kind .. ' ' .. other
end
return 'merged'
`)

/** How many elements one request adds. */
const PORTION = 500
const TEMPORARY_MS = 60_000
const LACKS =
  'may lack a part: what was merged into it was gone before all of it was added; what is there is added to again'

type Copy = (pairs: readonly Pair[]) => Promise<readonly Outcome[]>

export class Merger {
  readonly #servers: Servers
  readonly #scripts: Scripts

  constructor(servers: Servers, scripts: Scripts) {
    this.#servers = servers
    this.#scripts = scripts
  }

  /** One outcome per pair; `copy` makes the destinations that are absent. Never throws. */
  async merge(pairs: readonly Pair[], copy: Copy, signal: AbortSignal): Promise<readonly Outcome[]> {
    const created = await copy(pairs)
    return Promise.all(
      pairs.map((pair, at) => {
        const outcome = created[at] as Outcome
        const exists = outcome.outcome === 'skipped' && outcome.reason === 'exists'
        return exists ? this.#mergeOne(pair, copy, signal) : outcome
      }),
    )
  }

  /** Merges what a DUMP from another server holds, by way of a key beside `key` that is gone soon in any case. */
  async mergePayload(key: Key, payload: Buffer, signal: AbortSignal): Promise<Outcome> {
    const ask = asker(this.#servers, signal)
    const beside = temporaryKey(key, payload)
    if (beside === undefined)
      return failed('E_UNSUPPORTED', key, 'cannot be merged from another server: no key beside it has its slot')
    const until = String(TEMPORARY_MS)
    const [restored] = await ask([beside], [['RESTORE', beside, until, payload, 'REPLACE']])
    if (restored instanceof RekeyError) return { outcome: 'failed', error: restored }
    const outcome = await this.#mergeOne(
      { from: beside, to: key },
      async () => [failed('E_BUSY', key, 'has just gone')],
      signal,
    )
    const [removed] = await ask([beside], [['UNLINK', beside]])
    // It has expired, or was evicted, and what was read of it may be but a part.
    return removed === 0 && outcome.outcome !== 'failed' ? failed('E_BUSY', key, LACKS) : outcome
  }

  async #mergeOne(pair: Pair, copy: Copy, signal: AbortSignal): Promise<Outcome> {
    const isNear = !this.#servers.isCluster || slotOf(pair.from) === slotOf(pair.to)
    if (isNear && this.#scripts.allowed) {
      const [answer] = await this.#scripts.run(MERGE, [{ keys: [pair.from, pair.to], args: [] }], signal)
      if (!cannotScript(answer)) {
        if (answer instanceof RekeyError) return outcomeOf(answer, pair.to)
        const word = String(answer)
        if (word === 'merged') return MERGED
        if (word === 'gone') return GONE
        if (word === 'absent') return (await copy([pair]))[0] as Outcome
        if (word !== 'long') return notMergeable(pair, word.split(' '))
      }
    }
    return mergeInRanges(pair, asker(this.#servers, signal))
  }
}

async function mergeInRanges({ from, to }: Pair, ask: Ask): Promise<Outcome> {
  const types = await ask(
    [from, to],
    [
      ['TYPE', from],
      ['TYPE', to],
    ],
  )
  for (const type of types) if (type instanceof RekeyError) return { outcome: 'failed', error: type }
  const [type, other] = types.map(String) as [string, string]
  if (type === 'none') return GONE
  if (type !== other || !(type === 'hash' || type === 'set' || type === 'zset'))
    return notMergeable({ from, to }, [type, other])
  const elements = scanned(type, from, async (...request) => refuse((await ask([from], [request]))[0]))
  let portion: (readonly Buffer[])[] = []
  const add = async (): Promise<RekeyError | undefined> => {
    const requests = addRequests(type, to, portion)
    portion = []
    const answers = await ask(
      requests.map(() => to),
      requests,
    )
    return answers.find((answer) => answer instanceof RekeyError) as RekeyError | undefined
  }
  try {
    for await (const element of elements) {
      portion.push(element)
      if (portion.length < PORTION) continue
      const refused = await add()
      if (refused) return outcomeOf(refused, to)
    }
    const refused = await add()
    return refused ? outcomeOf(refused, to) : MERGED
  } catch (thrown) {
    if (thrown instanceof RekeyError) return outcomeOf(thrown, to)
    throw thrown
  }
}

function addRequests(type: 'hash' | 'set' | 'zset', to: Key, elements: readonly (readonly Buffer[])[]): Request[] {
  if (elements.length === 0) return []
  if (type === 'hash') return elements.map(([name, value]): Request => ['HSETNX', to, name as Buffer, value as Buffer])
  if (type === 'set') return [['SADD', to, ...elements.flat()]]
  return [['ZADD', to, 'NX', ...elements.flatMap(([member, score]) => [score as Buffer, member as Buffer])]]
}

/** The source may be the key beside, which nobody knows: it is not named. */
function notMergeable({ to }: Pair, [type, other]: readonly string[]): Outcome {
  if (type === other) return failed('E_TYPE', to, `is a ${type}; only a hash, set or zset can be merged`)
  return failed('E_TYPE', to, `is a ${other} and its source a ${type}; only keys of one type can be merged`)
}

/** A key of the same slot; undefined where no name would be. */
function temporaryKey(key: Key, payload: Buffer): Buffer | undefined {
  const mark = Buffer.from(`rekey-merge-${payload.subarray(-8).toString('hex')}:`)
  const bytes = keyBytes(key)
  const names = [Buffer.concat([mark, bytes]), Buffer.concat([mark, Buffer.from('{'), bytes, Buffer.from('}')])]
  return names.find((name) => slotOf(name) === slotOf(key))
}

function refuse(answer: Answer | undefined): Reply {
  if (answer instanceof RekeyError) throw answer
  return answer ?? null
}
