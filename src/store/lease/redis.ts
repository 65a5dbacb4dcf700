/**
 * Leases as strings in Redis, `rekey:lease:NAME`: a version and the record. Created by SET NX PX, changed by a script
 * that compares the version and sets. The age is how much of the time to live has gone, by the clock of the server.
 */
import { RekeyError } from '../../record/errors.ts'
import type { StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import type { Answer, Request } from '../redis/connection.ts'
import { Unanswered } from '../redis/connection.ts'
import { openServers } from '../redis/open-redis.ts'
import type { Servers } from '../redis/servers.ts'
import { sendByKey } from '../redis/servers.ts'
import type { LeaseRecord, LeaseSpace, SeenLease } from './contract.ts'
import { leaseText, parseLease } from './record.ts'

/** A lease that nobody has renewed for so long is forgotten: of ours none is needed after a few minutes. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000

const REPLACE = `local found = redis.call('GET', KEYS[1])
if found == false or string.sub(found, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** In one step, so that value and time belong together. */
const READ = `return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }`

export async function openRedisLeases(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<LeaseSpace> {
  return new RedisLeases(...(await openServers(location, settings, surroundings)))
}

class RedisLeases implements LeaseSpace {
  readonly location: string
  readonly #servers: Servers

  constructor(location: string, servers: Servers) {
    this.location = location
    this.#servers = servers
  }

  /** A Redis that runs scripts obeys them; one that does not says so at the first read. */
  async check(signal: AbortSignal): Promise<void> {
    await this.read('probe', signal)
  }

  async read(name: string, signal: AbortSignal): Promise<SeenLease | undefined> {
    const answer = await this.#ask(name, ['EVAL', READ, '1', keyOf(name)], signal)
    const [value, ttlMs] = answer as readonly [Buffer | null, number]
    if (value === null) return undefined
    const text = value.toString('utf8')
    const version = text.slice(0, text.indexOf('\n') + 1)
    const ageMs = ttlMs < 0 ? undefined : Math.max(0, KEPT_MS - ttlMs)
    return { record: parseLease(text.slice(version.length)), version, mark: version, ageMs }
  }

  async create(name: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined> {
    const version = versionOf(record)
    const value = version + leaseText(record)
    const answer = await this.#ask(name, ['SET', keyOf(name), value, 'PX', String(KEPT_MS), 'NX'], signal)
    return answer === null ? undefined : version
  }

  async replace(name: string, version: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined> {
    const next = versionOf(record)
    const value = next + leaseText(record)
    const answer = await this.#ask(name, ['EVAL', REPLACE, '1', keyOf(name), version, value, String(KEPT_MS)], signal)
    return answer === 1 ? next : undefined
  }

  close(): Promise<void> {
    return this.#servers.close()
  }

  async #ask(name: string, request: Request, signal: AbortSignal): Promise<Answer> {
    const [answer] = await sendByKey(this.#servers, [keyOf(name)], [request], signal)
    if (answer instanceof Unanswered) throw new RekeyError('E_UNANSWERED', `lease ${name}: ${answer.message}`)
    if (answer instanceof RekeyError) throw answer
    return answer as Answer
  }
}

function keyOf(name: string): string {
  return `rekey:lease:${name}`
}

/** Ended by a newline, so that none is the beginning of another. */
function versionOf({ token, beats, worker_id }: LeaseRecord): string {
  return `${token}.${beats} ${JSON.stringify(worker_id)}\n`
}
