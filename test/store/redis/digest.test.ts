import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../../src/store/contract.ts'
import { DIGEST_LUA, LONG_ELEMENTS, LONG_STRING_BYTES } from '../../../src/store/redis/digest-lua.ts'
import { redisDatabase } from '../../redis-database.ts'
import { clientOf, only, openAt, signal } from './open.ts'
import { content, plant } from './plant.ts'

let client: Redis
let byScript: Store
let byClient: Store

beforeAll(async () => {
  const location = redisDatabase('redis digest')
  client = clientOf(location)
  await client.flushdb()
  await client.call('ACL', 'SETUSER', 'no-scripts', 'on', 'nopass', '~*', '+@all', '-@scripting')
  byScript = await openAt(location)
  byClient = await openAt(location.replace('redis://', 'redis://no-scripts:any@'))
})

afterAll(async () => {
  await Promise.all([byScript.close(), byClient.close()])
  await client.call('ACL', 'DELUSER', 'no-scripts')
  client.disconnect()
})

const digestOf = async (store: Store, key: string) => only((await store.digest?.([key], signal)) ?? [])

async function bothDigests(key: string): Promise<string> {
  const [here, there] = await Promise.all([digestOf(byScript, key), digestOf(byClient, key)])
  expect(here).toMatch(/^redis-sha1:[0-9a-f]{40}$/)
  expect(there).toBe(here)
  return here as string
}

test('the server and the client make the same digest of anything', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(content, { minLength: 1, maxLength: 6 }), async (contents) => {
      const keys = contents.map((_, at) => `any:${at}`)
      for (const [at, one] of contents.entries()) await plant(client, keys[at] as string, one)
      expect(await byScript.digest?.(keys, signal)).toEqual(await byClient.digest?.(keys, signal))
      expect(await byScript.digest?.(keys, signal)).toEqual(await Promise.all(keys.map(bothDigests)))
    }),
    { numRuns: 150 },
  )
})

test('hashes that are nearly the same, in any encoding, are not taken for one another', async () => {
  const value = fc.constantFrom('1', '2', 'x'.repeat(70), 'y'.repeat(70))
  const hash = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'C', 'd', 'e'), value), {
    minLength: 1,
    selector: ([name]) => name,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(hash, { minLength: 2, maxLength: 24 }), async (hashes) => {
      const keys = hashes.map((_, at) => `near:${at}`)
      const pipeline = client.pipeline().del(...keys)
      for (const [at, pairs] of hashes.entries()) pipeline.hset(keys[at] as string, ...pairs.flat())
      await pipeline.exec()
      const digests = (await byScript.digest?.(keys, signal)) ?? []
      expect(digests).toEqual(await byClient.digest?.(keys, signal))
      const contents = hashes.map((pairs) => JSON.stringify(pairs.toSorted()))
      expect(new Set(digests).size).toBe(new Set(contents).size)
    }),
    { numRuns: 100 },
  )
})

test('a copy, and a dump that was restored, have the digest of their source', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (one) => {
      await plant(client, 'from', one)
      await client.copy('from', 'copied', 'REPLACE')
      await client.restore('restored', 0, (await client.dumpBuffer('from')) as Buffer, 'REPLACE')
      const digests = await byScript.digest?.(['from', 'copied', 'restored'], signal)
      expect(new Set(digests).size).toBe(1)
    }),
    { numRuns: 60 },
  )
})

describe('is the same for the same content, however it is stored', () => {
  test.each([
    ['hash', 'hash-max-listpack-entries', ['HSET', 'f', 'v', 'g', 'w', 'B', 'x', '_', 'y', 'a', 'z']],
    ['set', 'set-max-intset-entries', ['SADD', '3', '1', '2']],
    ['zset', 'zset-max-listpack-entries', ['ZADD', '1', 'a', '1.5', 'b', '-0', 'zero', 'inf', 'c']],
    ['list', 'list-max-listpack-size', ['RPUSH', 'a', 'b', '3']],
  ])('%s', async (type, setting, [command, ...args]) => {
    await client.del('packed', 'spread')
    await client.call(command as string, 'packed', ...args)
    const packed = await bothDigests('packed')
    const before = (await client.config('GET', setting)) as [string, string]
    await client.config('SET', setting, '1')
    try {
      await client.call(command as string, 'spread', ...args)
      const encodings = [await client.object('ENCODING', 'packed'), await client.object('ENCODING', 'spread')]
      if (type !== 'list') expect(new Set(encodings).size).toBe(2)
      expect(await bothDigests('spread')).toBe(packed)
    } finally {
      await client.config('SET', setting, before[1])
    }
  })

  test('whatever the order in which fields and members came', async () => {
    await client.del('one', 'other')
    await client.hset('one', { a: '1', b: '2', C: '3' })
    await client.hset('other', { C: '3', b: '2', a: '1' })
    expect(await bothDigests('one')).toBe(await bothDigests('other'))
    // Together, so that the order found for the one is tried on the other.
    const [one, other] = (await byScript.digest?.(['one', 'other'], signal)) ?? []
    expect(one).toBe(other)
  })

  test('whatever expiry it has, and whenever an entry was delivered', async () => {
    await plant(client, 'one', { type: 'string', value: Buffer.from('v') })
    await plant(client, 'other', { type: 'string', value: Buffer.from('v') })
    await client.expire('other', 100)
    expect(await bothDigests('one')).toBe(await bothDigests('other'))
  })
})

test('whatever order the locale of the server gives to strings', async () => {
  await client.del('words')
  await client.sadd('words', 'b', 'A', 'a', 'B', '_', 'é', 'ab', '\0', '')
  const inBytes = `${DIGEST_LUA.replace('if probe then', 'if false then')} return (digest(KEYS[1]))`
  expect(inBytes).toContain('if false then')
  expect(`redis-sha1:${await client.eval(inBytes, 1, 'words')}`).toBe(await bothDigests('words'))
})

describe('is another for another content', () => {
  const text = (value: string) => Buffer.from(value)
  const pairs = (...all: [string, string][]) => all.map(([a, b]) => [text(a), text(b)] as const)
  test.each([
    ['another type', { type: 'list', elements: [text('a')] }, { type: 'set', elements: [text('a')] }],
    ['a string and a list of it', { type: 'string', value: text('a') }, { type: 'list', elements: [text('a')] }],
    [
      'a field moved into a value',
      { type: 'hash', pairs: pairs(['a', 'bc']) },
      { type: 'hash', pairs: pairs(['ab', 'c']) },
    ],
    [
      'values exchanged',
      { type: 'hash', pairs: pairs(['a', '1'], ['b', '2']) },
      { type: 'hash', pairs: pairs(['a', '2'], ['b', '1']) },
    ],
    [
      'another field',
      { type: 'hash', pairs: pairs(['a', '1']) },
      { type: 'hash', pairs: pairs(['a', '1'], ['b', '']) },
    ],
    [
      'another order of a list',
      { type: 'list', elements: [text('a'), text('b')] },
      { type: 'list', elements: [text('b'), text('a')] },
    ],
    [
      'a score one ulp away',
      { type: 'zset', scores: [[text('m'), '9007199254740992']] },
      { type: 'zset', scores: [[text('m'), '9007199254740994']] },
    ],
    [
      'a small score one ulp away',
      { type: 'zset', scores: [[text('m'), '0.1']] },
      { type: 'zset', scores: [[text('m'), '0.10000000000000002']] },
    ],
    [
      'a sign of infinity',
      { type: 'zset', scores: [[text('m'), 'inf']] },
      { type: 'zset', scores: [[text('m'), '-inf']] },
    ],
    [
      'an entry of a stream cut in another place',
      { type: 'stream', entries: [pairs(['a', 'b'], ['c', 'd'])], groups: [] },
      { type: 'stream', entries: [pairs(['a', 'b']), pairs(['c', 'd'])], groups: [] },
    ],
    [
      'a group',
      { type: 'stream', entries: [pairs(['a', 'b'])], groups: [] },
      { type: 'stream', entries: [pairs(['a', 'b'])], groups: [{ name: text('g'), consumers: [], pending: 0 }] },
    ],
    [
      'an entry that is pending',
      {
        type: 'stream',
        entries: [pairs(['a', 'b'])],
        groups: [{ name: text('g'), consumers: [text('c')], pending: 0 }],
      },
      {
        type: 'stream',
        entries: [pairs(['a', 'b'])],
        groups: [{ name: text('g'), consumers: [text('c')], pending: 1 }],
      },
    ],
  ] as const)('%s', async (_, one, other) => {
    await plant(client, 'one', one)
    await plant(client, 'other', other)
    expect(await bothDigests('one')).not.toBe(await bothDigests('other'))
  })
})

describe('of a content that is read in ranges', () => {
  const many = (count: number) => Array.from({ length: count }, (_, at) => at)
  const long = LONG_ELEMENTS + 1500
  const fill = async (key: string, type: string, numbers: readonly number[]) => {
    const pipeline = client.pipeline().del(key)
    for (const at of numbers) {
      if (type === 'hash') pipeline.hset(key, `f${at}`, `v${at}`)
      if (type === 'set') pipeline.sadd(key, `m${at}`)
      if (type === 'zset') pipeline.zadd(key, at / 3, `m${at}`)
      if (type === 'list') pipeline.rpush(key, `e${at}`)
      if (type === 'stream') pipeline.xadd(key, `${at + 1}-1`, 'f', `v${at}`)
    }
    if (type === 'stream')
      pipeline.xgroup('CREATE', key, 'g', '0').xreadgroup('GROUP', 'g', 'c', 'COUNT', 2500, 'STREAMS', key, '>')
    await pipeline.exec()
  }

  test.each(['hash', 'set', 'zset', 'list', 'stream'])('%s', async (type) => {
    await fill('one', type, many(long))
    await fill('copy', type, type === 'hash' || type === 'set' ? many(long).reverse() : many(long))
    const one = await bothDigests('one')
    expect(await bothDigests('copy')).toBe(one)
    if (type === 'hash') await client.hset('copy', 'f77', 'other')
    if (type === 'set') await client.multi().srem('copy', 'm77').sadd('copy', 'other').exec()
    if (type === 'zset') await client.zadd('copy', 77.5, 'm77')
    if (type === 'list') await client.lset('copy', 77, 'other')
    if (type === 'stream') await client.xack('copy', 'g', '78-1')
    expect(await bothDigests('copy')).not.toBe(one)
  })

  test('string', async () => {
    const value = Buffer.alloc(LONG_STRING_BYTES * 2 + 5, 'abc')
    await client.set('one', value)
    await client.set('copy', value)
    const one = await bothDigests('one')
    expect(await bothDigests('copy')).toBe(one)
    await client.setrange('copy', LONG_STRING_BYTES + 1, '!')
    expect(await bothDigests('copy')).not.toBe(one)
  })
})

test('more keys than one call of a script reads come out all, in order', async () => {
  const keys = Array.from({ length: 9 }, (_, at) => `wide:${at}`)
  const pipeline = client.pipeline()
  for (const [nth, key] of keys.entries()) for (let at = 0; at < 6000; at++) pipeline.hset(key, `f${at}`, `${nth}`)
  await pipeline.exec()
  const digests = (await byScript.digest?.([...keys, 'absent', ...keys], signal)) ?? []
  expect(digests).toEqual([...(await Promise.all(keys.map(bothDigests))), undefined, ...digests.slice(0, 9)])
  expect(new Set(digests.slice(0, 9)).size).toBe(9)
})
