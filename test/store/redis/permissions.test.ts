/** The rules that docs/stores/redis.md gives are enough, and the docs name no command that is not needed for writing. */
import { readFile } from 'node:fs/promises'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../../src/store/contract.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, listAll, openAt, signal } from './open.ts'
import { plant } from './plant.ts'

let server: RedisServer
let client: Redis
let rules: Map<string, readonly string[]>

beforeAll(async () => {
  server = await startRedis()
  client = clientOf(server.location)
  const page = await readFile(new URL('../../../docs/stores/redis.md', import.meta.url), 'utf8')
  const lines = [...page.matchAll(/^ {4}ACL SETUSER (\S+) +(.+)$/gm)]
  rules = new Map(lines.map(([, name, text]) => [name as string, (text as string).split(/ +/)]))
})
afterAll(async () => {
  client.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await client.flushall()
  const text = (value: string) => Buffer.from(value)
  await plant(client, 'job:string', { type: 'string', value: text('v') })
  await plant(client, 'job:hash', { type: 'hash', pairs: [[text('f'), text('v')]] })
  await plant(client, 'job:list', { type: 'list', elements: [text('a')] })
  await plant(client, 'job:set', { type: 'set', elements: [text('a')] })
  await plant(client, 'job:zset', { type: 'zset', scores: [[text('a'), '1']] })
  await plant(client, 'job:stream', { type: 'stream', entries: [[[text('f'), text('v')]]], groups: [] })
  for (let at = 0; at < 10_001; at++) client.sadd('job:long', at)
  await client.pexpireat('job:hash', 4_102_444_800_123)
})

const KEYS = ['string', 'hash', 'list', 'set', 'zset', 'stream', 'long'].map((type) => `job:${type}`)
const PAIRS = KEYS.map((from) => ({ from, to: from.replace('job', 'step') }))

const WORK: Readonly<Record<string, (store: Store) => Promise<void>>> = {
  lister: async (store) => {
    expect(await listAll(store, { match: 'job:*', values: true })).toHaveLength(KEYS.length)
  },
  copier: async (store) => {
    expect(
      await store.stat(
        PAIRS.map(({ to }) => to),
        signal,
      ),
    ).toEqual(PAIRS.map(() => undefined))
    expect(await store.copy?.(PAIRS, 'absent', signal)).toEqual(PAIRS.map(() => ({ outcome: 'done' })))
    const [digest] = (await store.digest?.(['step:hash'], signal)) ?? []
    const [long] = (await store.digest?.(['step:long'], signal)) ?? []
    const pairs = [
      { from: 'job:hash', to: 'step:hash', expect: { digest: digest as string } },
      { from: 'job:long', to: 'step:long', expect: { digest: long as string } },
    ]
    expect(await store.copy?.(pairs, 'match', signal)).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }])
    const content = await store.read?.('job:stream', signal)
    if (content === undefined) throw new Error('absent')
    expect(await store.write?.({ key: 'step:2', content }, 'absent', signal)).toEqual({ outcome: 'done' })
  },
  merger: async (store) => {
    const merged = PAIRS.filter(({ from }) => /hash|set$|long/.test(from))
    for (const { from, to } of merged) await client.copy(from, to)
    const done = merged.map(() => ({ outcome: 'done', reason: 'merged' }))
    expect(await store.copy?.(merged, 'merge', signal)).toEqual(done)
  },
  verifier: async (store) => {
    for (const { from, to } of PAIRS) await client.copy(from, to)
    expect(await store.stat(KEYS, signal)).toMatchObject(KEYS.map((key) => ({ key })))
    const digests = (await store.digest?.([...KEYS, ...PAIRS.map(({ to }) => to)], signal)) ?? []
    expect(digests.slice(KEYS.length)).toEqual(digests.slice(0, KEYS.length))
    expect(digests.every((digest) => typeof digest === 'string')).toBe(true)
    expect(await store.includes?.(PAIRS, signal)).toEqual(PAIRS.map(() => true))
  },
  remover: async (store) => {
    const digests = (await store.digest?.(KEYS, signal)) ?? []
    const targets = KEYS.map((key, at) => ({ key, expect: { digest: digests[at] as string } }))
    expect(await store.remove?.(targets, signal)).toEqual(KEYS.map(() => ({ outcome: 'done' })))
  },
}

describe.each(Object.keys(WORK))('%s', (name) => {
  const run = async (...more: readonly string[]) => {
    await client.call('ACL', ['SETUSER', name, 'reset', ...(rules.get(name) ?? []), ...more])
    const store = await openAt(server.location.replace('redis://', `redis://${name}:secret@`))
    try {
      await WORK[name]?.(store)
    } finally {
      await store.close()
    }
  }

  test('can do its work by the rules of the docs', () => run())

  test('can do it by plain commands', () => run('-eval', '-evalsha', '-ping', '-info', '-time'))
})
