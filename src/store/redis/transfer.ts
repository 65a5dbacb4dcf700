/**
 * Keys out of a server and into one: strings as they are, any other type by DUMP and RESTORE, with the absolute expiry.
 * Many calls of one turn go out as one write.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Aspect, Content, Guard, Item, Outcome } from '../contract.ts'
import { onePiece } from '../plain-content.ts'
import { unheld, withLost } from '../unheld.ts'
import type { Request } from './connection.ts'
import type { Describer } from './describe.ts'
import { EXPIRY_LUA } from './describe.ts'
import type { Guarded } from './guarded.ts'
import type { Merger } from './merge.ts'
import { DONE, EXISTS, failed, outcomeOf } from './outcomes.ts'
import type { Scripts } from './scripts.ts'
import { cannotScript, script } from './scripts.ts'
import type { Servers } from './servers.ts'
import { sendSoon } from './servers.ts'

/** Content, type and expiry of one moment. */
const READ = script(`${EXPIRY_LUA}
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then return false end
return {redis.call(kind == 'string' and 'GET' or 'DUMP', KEYS[1]), kind, expiry(KEYS[1])}
`)

export const HOLDS: readonly Aspect[] = ['type', 'expiry']

/** A payload ends in its version, two bytes, and its checksum, eight. */
const RDB_VERSION_FROM_END = 10

export class Transfer {
  readonly #servers: Servers
  readonly #scripts: Scripts
  readonly #describer: Describer
  readonly #guarded: Guarded
  readonly #merger: Merger

  constructor(servers: Servers, scripts: Scripts, describer: Describer, guarded: Guarded, merger: Merger) {
    this.#servers = servers
    this.#scripts = scripts
    this.#describer = describer
    this.#guarded = guarded
    this.#merger = merger
  }

  /** Undefined for a key that is absent; throws a RekeyError. */
  async read(key: Key, signal: AbortSignal): Promise<Content | undefined> {
    const answer = this.#scripts.allowed ? await this.#scripts.runSoon(READ, key, signal) : undefined
    if (answer !== undefined && !cannotScript(answer)) {
      if (answer instanceof RekeyError) throw answer
      if (answer === null || answer === undefined) return undefined
      const [bytes, type, expiry] = answer as [Buffer | null, Buffer, number]
      return bytes === null || expiry === -2 ? undefined : contentOf(bytes, type.toString('latin1'), expiry)
    }
    return this.#readPlainly(key, signal)
  }

  /** Never throws. */
  async write(item: Item, guard: Guard, signal: AbortSignal): Promise<Outcome> {
    const { key, content } = item
    let bytes: Buffer
    try {
      bytes = await collected(content.body())
    } catch (thrown) {
      return { outcome: 'failed', error: toRekeyError(thrown) }
    }
    if (guard === 'merge') return this.#merge(item, bytes, signal)
    if (guard === 'match') return this.#match(item, bytes, signal)
    const [answer] = await sendSoon(this.#servers, key, [writeRequest(item, bytes, guard)], signal)
    if (answer instanceof RekeyError) {
      if (answer.code === 'E_EXISTS') return EXISTS
      return answer.code === 'E_TYPE' ? this.#notTaken(key, bytes, answer, signal) : outcomeOf(answer, key)
    }
    if (answer === null) return EXISTS
    return withLost(DONE, unheld(content, HOLDS))
  }

  async #match(item: Item, bytes: Buffer, signal: AbortSignal): Promise<Outcome> {
    const { key, content, expect } = item
    const pair = { from: key, to: key, ...(expect && { expect }) }
    const [outcome] = await this.#guarded.write([pair], () => writeRequest(item, bytes, 'any'), signal)
    return withLost(outcome as Outcome, unheld(content, HOLDS))
  }

  async #merge(item: Item, bytes: Buffer, signal: AbortSignal): Promise<Outcome> {
    const { key, content } = item
    const first = await this.write(item, 'absent', signal)
    if (first.outcome !== 'skipped') return first
    if (content.form !== 'redis-dump')
      return failed('E_TYPE', key, 'exists, and plain content cannot be merged into it')
    return this.#merger.mergePayload(key, bytes, signal)
  }

  async #readPlainly(key: Key, signal: AbortSignal): Promise<Content | undefined> {
    const [described] = await this.#describer.describe([key], signal)
    if (described instanceof RekeyError) throw described
    if (described === undefined) return undefined
    const command = described.type === 'string' ? 'GET' : 'DUMP'
    const [bytes] = await sendSoon(this.#servers, key, [[command, key]], signal)
    if (bytes instanceof RekeyError) throw bytes
    return Buffer.isBuffer(bytes) ? contentOf(bytes, described.type, described.expiresMs ?? -1) : undefined
  }

  /** Names both versions, as far as the server tells its own. */
  async #notTaken(key: Key, payload: Buffer, error: RekeyError, signal: AbortSignal): Promise<Outcome> {
    const version =
      payload.length > RDB_VERSION_FROM_END ? payload.readUInt16LE(payload.length - RDB_VERSION_FROM_END) : 0
    const [info] = await sendSoon(this.#servers, key, [['INFO', 'server']], signal)
    const server = Buffer.isBuffer(info) ? /redis_version:(\S+)/.exec(info.toString('latin1'))?.[1] : undefined
    const says = `${keyText(key)}: its DUMP has RDB version ${version}, which ${server ? `Redis ${server}` : 'this Redis'} does not take in`
    return { outcome: 'failed', error: new RekeyError('E_TYPE', says, { cause: error }) }
  }
}

/** A string is plain, so that it can go anywhere. */
function contentOf(bytes: Buffer, type: string, expiry: number): Content {
  return {
    form: type === 'string' ? 'plain' : 'redis-dump',
    body: () => onePiece(bytes),
    sizeBytes: bytes.length,
    type,
    ...(expiry >= 0 && { expiresMs: expiry }),
  }
}

function writeRequest({ key, content }: Item, bytes: Buffer, guard: 'absent' | 'any'): Request {
  if (content.form === 'redis-dump') {
    const replace = guard === 'any' ? ['REPLACE'] : []
    return ['RESTORE', key, String(content.expiresMs ?? 0), bytes, ...replace, 'ABSTTL']
  }
  const create = guard === 'absent' ? ['NX'] : []
  return ['SET', key, bytes, ...create, ...(content.expiresMs === undefined ? [] : ['PXAT', String(content.expiresMs)])]
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks.length === 1 && Buffer.isBuffer(chunks[0]) ? chunks[0] : Buffer.concat(chunks)
}
