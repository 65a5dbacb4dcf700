/** Pairs that are settled at one look: what is called alike must be alike in all that verify proves. */
import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Store } from '../../../src/store/contract.ts'
import { expireTogether } from '../../../src/store/redis/alike-hashes.ts'
import { LONG_ELEMENTS } from '../../../src/store/redis/digest-lua.ts'
import { MAX_FIELDS } from '../../../src/store/redis/hash-digest.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, openAt, signal } from './open.ts'
import { content, plant } from './plant.ts'

const EXPIRY = 4_102_444_800_123

// Servers of this file's own: what they have been asked is counted.
let current: RedisServer
let before7: RedisServer

beforeAll(async () => {
  current = await startRedis()
  before7 = await startRedis(['--rename-command', 'PEXPIRETIME', ''])
})
afterAll(async () => void (await Promise.all([current.stop(), before7.stop()])))

const SERVERS = [
  ['a server', () => current.location],
  ['a server without PEXPIRETIME', () => before7.location],
] as const

describe.each(SERVERS)('%s', (name, locationOf) => {
  let client: Redis
  let store: Store
  beforeAll(async () => {
    client = clientOf(locationOf())
    store = await openAt(locationOf())
  })
  beforeEach(async () => void (await client.flushdb()))
  afterAll(async () => {
    await store.close()
    client.disconnect()
  })

  const alike = async (...pairs: [string, string][]) =>
    (await store.alike?.(
      pairs.map(([from, to]) => ({ from, to })),
      signal,
    )) ?? []

  test('of any two contents those that have the same digest are alike, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 2, maxLength: 6 }), async (contents) => {
        await client.flushdb()
        const keys = contents.map((_, at) => `any:${at}`)
        for (const [at, one] of contents.entries()) {
          await plant(client, keys[at] as string, one)
          await client.copy(keys[at] as string, `copy:${at}`)
        }
        const digests = (await store.digest?.(keys, signal)) ?? []
        expect(await alike(...keys.map((key, at): [string, string] => [key, `copy:${at}`]))).toEqual(digests)
        const shifted = keys.map((_, at) => (at + 1) % keys.length)
        const crossed = await alike(...keys.map((key, at): [string, string] => [key, `any:${shifted[at]}`]))
        expect(crossed).toEqual(digests.map((one, at) => (one === digests[shifted[at] as number] ? one : undefined)))
      }),
      { numRuns: 60 },
    )
  })

  test('a key that is absent, on either side or on both, and a key and itself', async () => {
    await client.hset('here', { f: 'v' })
    expect(await alike(['here', 'no'], ['no', 'here'], ['no', 'nor'], ['here', 'here'])).toEqual(
      new Array(4).fill(undefined),
    )
  })

  test('another expiry, or none, is not alike; the same one is where the server tells it', async () => {
    for (const key of ['none', 'same', 'later', 'from']) await client.hset(key, { f: 'v' })
    await client.pexpireat('from', EXPIRY)
    await client.pexpireat('same', EXPIRY)
    await client.pexpireat('later', EXPIRY + 1)
    const found = await alike(['from', 'none'], ['none', 'from'], ['from', 'later'], ['from', 'same'])
    const digest = name === 'a server' ? expect.stringMatching(/^redis-sha1:/) : undefined
    expect(found).toEqual([undefined, undefined, undefined, digest])
  })

  test('a field, a value or a type that is another, among many of one kind', async () => {
    const pairs = Array.from({ length: 40 }, (_, at): [string, string] => [`from:${at}`, `to:${at}`])
    for (const [at, [from, to]] of pairs.entries()) {
      await client.hset(from, { a: `${at}`, b: 'x', c: '' })
      await client.hset(to, { c: '', b: 'x', a: `${at}` })
    }
    await client.hset('to:7', { a: 'other' })
    await client.multi().hdel('to:9', 'c').hset('to:9', 'd', '').exec()
    await client.hset('to:11', { d: '' })
    await client.hdel('to:13', 'c')
    await client.multi().del('to:15').sadd('to:15', 'a', '15', 'b').exec()
    const unlike = (await alike(...pairs)).flatMap((digest, at) => (digest === undefined ? [at] : []))
    expect(unlike).toEqual([7, 9, 11, 13, 15])
  })

  test('hashes whose fields are never the same twice', async () => {
    const pairs = Array.from({ length: 30 }, (_, at): [string, string] => [`from:${at}`, `to:${at}`])
    for (const [at, [from, to]] of pairs.entries()) {
      await client.hset(from, { [`f${at}`]: 'v', [`g${at}`]: 'w' })
      await client.copy(from, to)
    }
    const froms = pairs.map(([from]) => from)
    expect(await alike(...pairs)).toEqual(await store.digest?.(froms, signal))
  })

  test('hashes of many fields, in any order, with one that is another', async () => {
    const fields = Array.from({ length: 600 }, (_, nth) => [`field ${nth}`, `value ${nth}`] as const)
    const pairs = Array.from({ length: 6 }, (_, at): [string, string] => [`from:${at}`, `to:${at}`])
    for (const [from, to] of pairs) {
      await client.hset(from, Object.fromEntries(fields))
      await client.hset(to, Object.fromEntries(fields.toReversed()))
    }
    await client.hset('to:1', { 'field 7': 'another value' })
    await client.multi().hdel('to:3', 'field 7').hset('to:3', { 'another field': 'value 7' }).exec()
    const [same] = (await store.digest?.(['from:0'], signal)) ?? []
    expect(await alike(...pairs)).toEqual([same, undefined, same, undefined, same, same])
  })

  test('small hashes by plain commands, those of more fields and other types by the script', async () => {
    const pairs = Array.from({ length: 300 }, (_, at): [string, string] => [`from:${at}`, `to:${at}`])
    const fieldsOf = (count: number, value: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, nth) => [`field ${nth}`, value]))
    const pipeline = client.pipeline()
    for (const [at, [from, to]] of pairs.entries()) {
      pipeline.hset(from, fieldsOf(at % 130 === 129 ? MAX_FIELDS : 3, 'x'.repeat(at % 100 === 99 ? 40_000 : 70)))
      pipeline.copy(from, to)
    }
    await pipeline.config('RESETSTAT').exec()
    const froms = pairs.map(([from]) => from)
    const found = await alike(...pairs)
    expect(await client.info('commandstats')).not.toMatch(/cmdstat_eval/)
    expect(found).toEqual(await store.digest?.(froms, signal))

    await client.hset('from:17', fieldsOf(MAX_FIELDS + 1, 'wide'))
    await client.multi().del('from:31').set('from:31', 'text').exec()
    for (const at of [17, 31]) await client.copy(`from:${at}`, `to:${at}`, 'REPLACE')
    expect(await alike(...pairs)).toEqual(await store.digest?.(froms, signal))
  })

  test('large hashes behind many small ones are not asked for all at once', async () => {
    const pairsOf = (kind: string) =>
      Array.from({ length: 512 }, (_, at): [string, string] => [`${kind}:${at}`, `${kind}:copy:${at}`])
    const [small, large] = [pairsOf('small'), pairsOf('large')]
    const pipeline = client.pipeline()
    for (const [from, to] of small) pipeline.hset(from, 'f', 'v').copy(from, to)
    for (const [from, to] of large) pipeline.hset(from, 'f', 'x'.repeat(20_000)).copy(from, to)
    await pipeline.config('SET', 'client-output-buffer-limit', 'normal 8mb 0 0').config('RESETSTAT').exec()
    const found = [await alike(...small), await alike(...large)]
    const stats = await client.info('commandstats')
    await client.config('SET', 'client-output-buffer-limit', 'normal 0 0 0')
    expect(found.flat().filter((digest) => digest === undefined)).toEqual([])
    // Whoever asks for more than a server will hold is cut off, and then has the script do it.
    expect(stats).not.toMatch(/cmdstat_eval/)
  })

  test('more than one call reads, and what is left to the client', async () => {
    const pipeline = client.pipeline()
    for (let at = 0; at < 5; at++) {
      for (let nth = 0; nth < 3000; nth++) pipeline.sadd(`wide:${at}`, `${at} ${nth}`)
      pipeline.copy(`wide:${at}`, `copy:${at}`)
    }
    for (let nth = 0; nth < LONG_ELEMENTS; nth++) pipeline.rpush('long', 'x')
    await pipeline.copy('long', 'long copy').exec()
    const pairs = Array.from({ length: 5 }, (_, at): [string, string] => [`wide:${at}`, `copy:${at}`])
    const froms = pairs.map(([from]) => from)
    const digests = (await store.digest?.(froms, signal)) ?? []
    expect(await alike(...pairs, ['long', 'long copy'], ...pairs)).toEqual([...digests, undefined, ...digests])
  })
})

test.each([
  [-1, -1, true],
  [EXPIRY, EXPIRY, true],
  [EXPIRY, EXPIRY + 1, false],
  [EXPIRY, -1, false],
  [-2, -2, false],
  [new RekeyError('E_STORE', 'unknown command'), -1, undefined],
] as const)('answers %s and %s to when they expire', (here, there, together) => {
  expect(expireTogether(here, there)).toBe(together)
})
