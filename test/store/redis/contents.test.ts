import fc from 'fast-check'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Entry, Guard, Looked, Pair, Store } from '../../../src/store/contract.ts'
import { redisDatabase } from '../../redis-database.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, listAll, only, openAt, signal } from './open.ts'
import { content, plant } from './plant.ts'

const EXPIRY = 4_102_444_800_123
const FIELDS = { mtimeFields: ['updated_at', 'created_at'] }

let elsewhere: RedisServer
let before7: RedisServer

beforeAll(async () => {
  elsewhere = await startRedis()
  before7 = await startRedis(['--rename-command', 'PEXPIRETIME', '', '--databases', '16'])
})

afterAll(async () => {
  await Promise.all([elsewhere.stop(), before7.stop()])
})

/** Ways to one kind of server: whether it has PEXPIRETIME, and whether the user may run scripts. */
const WAYS = [
  ['by scripts', () => redisDatabase('redis contents, by scripts'), ''],
  ['without scripts', () => redisDatabase('redis contents, without scripts'), 'plain:any@'],
  ['by scripts, without PEXPIRETIME', () => before7.location, ''],
  ['without scripts and without PEXPIRETIME', () => before7.location, 'plain:any@'],
] as const

describe.each(WAYS)('%s', (_, locationOf, user) => {
  let client: Redis
  let store: Store
  let away: Store
  let awayClient: Redis

  beforeAll(async () => {
    const location = locationOf()
    client = clientOf(location)
    awayClient = clientOf(elsewhere.location)
    await client.call('ACL', 'SETUSER', 'plain', 'on', 'nopass', '~*', '+@all', '-@scripting')
    store = await openAt(location.replace('redis://', `redis://${user}`), FIELDS)
    away = await openAt(elsewhere.location)
  })
  beforeEach(async () => {
    await Promise.all([client.flushdb(), awayClient.flushdb()])
  })
  afterAll(async () => {
    await Promise.all([store.close(), away.close()])
    client.disconnect()
    awayClient.disconnect()
  })

  const copy = (pairs: readonly Pair[], guard: Guard = 'absent') => store.copy?.(pairs, guard, signal)
  const entryOf = async (one: Store, key: string) => withoutObject(only(await one.stat([key], signal)))
  const digestOf = async (one: Store, key: string) => only((await one.digest?.([key], signal)) ?? [])

  test('a copy keeps type, content and expiry to the millisecond, in the database and to another server', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.option(fc.integer({ min: 0, max: 5000 })), async (one, later) => {
        await Promise.all([client.del('near'), awayClient.del('far')])
        await plant(client, 'from', one)
        if (later !== null) await client.pexpireat('from', EXPIRY + later)
        expect(await copy([{ from: 'from', to: 'near' }])).toEqual([{ outcome: 'done' }])
        const read = await store.read?.('from', signal)
        if (read === undefined) throw new Error('absent')
        expect(await away.write?.({ key: 'far', content: read }, 'absent', signal)).toEqual({ outcome: 'done' })
        const expected = { type: one.type, ...(later !== null && { expiresMs: EXPIRY + later }) }
        expect(await entryOf(store, 'from')).toEqual({ key: 'from', ...expected })
        expect(await entryOf(store, 'near')).toEqual({ key: 'near', ...expected })
        expect(await entryOf(away, 'far')).toEqual({ key: 'far', ...expected })
        const digest = await digestOf(store, 'from')
        expect(await digestOf(store, 'near')).toBe(digest)
        expect(await digestOf(away, 'far')).toBe(digest)
      }),
      { numRuns: 25 },
    )
  })

  test('a listing has type, expiry and the time that fields tell', async () => {
    await client.hset('hash', { created_at: '2025-01-02T03:04:05.678Z', updated_at: 'never' })
    await client.hset('hash:later', { created_at: '2025-01-02T03:04:05Z', updated_at: '1735787046' })
    await client.hset('hash:without', { status: 'pending' })
    await client.set('string', 'v', 'PXAT', EXPIRY)
    await client.zadd('zset', 1, 'm')
    const entries = (await listAll(store)).toSorted((one, other) => (String(one.key) < String(other.key) ? -1 : 1))
    expect(entries).toEqual([
      { key: 'hash', type: 'hash', mtimeMs: Date.UTC(2025, 0, 2, 3, 4, 5, 678) },
      { key: 'hash:later', type: 'hash', mtimeMs: 1_735_787_046_000 },
      { key: 'hash:without', type: 'hash' },
      { key: 'string', type: 'string', expiresMs: EXPIRY },
      { key: 'zset', type: 'zset' },
    ])
    const looked = await store.stat(['absent', ...entries.map(({ key }) => key)], signal)
    expect(looked.map((one) => one && withoutObject(one))).toEqual([undefined, ...entries])
    expect((await listAll(store, { type: 'hash', match: '*:*' })).map(({ key }) => key).sort()).toEqual([
      'hash:later',
      'hash:without',
    ])
  })

  test('a listing has the values of every type', async () => {
    await client.hset('hash', { b: 'é"\n', a: '' })
    await client.hset('hash:bytes', { a: Buffer.from([0xff]) })
    await client.rpush('list', 'x', 'y', 'x')
    await client.sadd('set', 'b', 'a')
    await client.zadd('zset', '9007199254740993', 'big', '-inf', 'least', 0.1, 'small')
    await client.xadd('stream', '1-1', 'f', 'v', 'g', '')
    await client.call('HSET', 'proto', '__proto__', 'v')
    const values = new Map((await listAll(store, { values: true })).map(({ key, value }) => [key, value]))
    const payload = ((await client.dumpBuffer('hash:bytes')) as Buffer).toString('base64')
    expect(JSON.stringify(values.get('proto'))).toBe('{"value":{"__proto__":"v"}}')
    values.delete('proto')
    expect(Object.fromEntries(values)).toEqual({
      hash: { value: { b: 'é"\n', a: '' } },
      'hash:bytes': { value64: payload },
      list: { value: ['x', 'y', 'x'] },
      set: { value: ['a', 'b'] },
      zset: {
        value: [
          ['least', '-inf'],
          ['small', expect.stringMatching(/^0\.1/)],
          ['big', '9007199254740992'],
        ],
      },
      stream: { value: [['1-1', { f: 'v', g: '' }]] },
    })
  })

  test('a merge adds what the destination lacks, and leaves it what it has, its expiry too', async () => {
    await client.hset('h', { a: 'from', b: 'from' })
    await client.hset('h:to', { a: 'to', c: 'to' })
    await client.pexpireat('h:to', EXPIRY)
    await client.sadd('s', 'a', 'b')
    await client.sadd('s:to', 'b', 'c')
    await client.zadd('z', '1.5', 'a', 'inf', 'b')
    await client.zadd('z:to', '2', 'a')
    await client.set('new', 'v', 'PXAT', EXPIRY)
    const pairs = ['h', 's', 'z', 'new', 'gone'].map((from) => ({ from, to: `${from}:to` }))
    expect(await store.includes?.(pairs, signal)).toEqual([false, false, false, false, false])
    const merged = { outcome: 'done', reason: 'merged' }
    const outcomes = [merged, merged, merged, { outcome: 'done' }, { outcome: 'skipped', reason: 'gone' }]
    expect(await copy(pairs, 'merge')).toEqual(outcomes)
    expect(await client.hgetall('h:to')).toEqual({ a: 'to', b: 'from', c: 'to' })
    expect((await client.smembers('s:to')).sort()).toEqual(['a', 'b', 'c'])
    expect(await client.zrange('z:to', '0', '-1', 'WITHSCORES')).toEqual(['a', '2', 'b', 'inf'])
    expect(await entryOf(store, 'h:to')).toMatchObject({ expiresMs: EXPIRY })
    expect(await entryOf(store, 'new:to')).toMatchObject({ expiresMs: EXPIRY })
    expect(await store.includes?.(pairs, signal)).toEqual([true, true, true, true, false])
  })

  test('a merge from another server is the same', async () => {
    await awayClient.hset('h', { a: 'from', b: 'from' })
    await awayClient.zadd('z', 1, 'a', 2, 'b')
    await client.hset('h', { a: 'to' })
    await client.sadd('z', 'another type')
    const outcomes = []
    for (const key of ['h', 'z']) {
      const read = await away.read?.(key, signal)
      if (read !== undefined) outcomes.push(await store.write?.({ key, content: read }, 'merge', signal))
    }
    expect(outcomes).toEqual([
      { outcome: 'done', reason: 'merged' },
      {
        outcome: 'failed',
        error: expect.objectContaining({ code: 'E_TYPE', message: expect.stringContaining('and its source a zset') }),
      },
    ])
    expect(await client.hgetall('h')).toEqual({ a: 'to', b: 'from' })
    expect((await client.keys('*')).sort()).toEqual(['h', 'z'])
  })

  test('a list, a stream, a string and two types are not merged', async () => {
    await client.rpush('l', 'a')
    await client.rpush('l:to', 'b')
    await client.xadd('x', '1-1', 'f', 'v')
    await client.xadd('x:to', '1-1', 'f', 'w')
    await client.set('t', 'a')
    await client.set('t:to', 'b')
    await client.sadd('s', 'a')
    await client.hset('s:to', { a: 'b' })
    const outcomes = await copy(
      ['l', 'x', 't', 's'].map((from) => ({ from, to: `${from}:to` })),
      'merge',
    )
    expect(outcomes?.map((one) => ('error' in one ? one.error.code : one))).toEqual(Array(4).fill('E_TYPE'))
    expect(await client.lrange('l:to', 0, -1)).toEqual(['b'])
    expect(await client.get('t:to')).toBe('b')
  })

  test('a collection of many elements is merged whole', async () => {
    const pipeline = client.pipeline()
    for (let at = 0; at < 12_000; at++) pipeline.zadd('z', at + 0.5, `m${at}`)
    await pipeline.zadd('z:to', 7, 'm77', 8, 'other').exec()
    expect(await copy([{ from: 'z', to: 'z:to' }], 'merge')).toEqual([{ outcome: 'done', reason: 'merged' }])
    expect(await client.zcard('z:to')).toBe(12_001)
    expect(await client.zscore('z:to', 'm77')).toBe('7')
    expect(await client.zscore('z:to', 'm11999')).toBe('11999.5')
    expect(await store.includes?.([{ from: 'z', to: 'z:to' }], signal)).toEqual([true])
    await client.zrem('z:to', 'm11998')
    expect(await store.includes?.([{ from: 'z', to: 'z:to' }], signal)).toEqual([false])
  })

  test('what is only as expected is removed or replaced, a large content too', async () => {
    const pipeline = client.pipeline()
    for (let at = 0; at < 10_500; at++) pipeline.sadd('large', `m${at}`)
    await pipeline.sadd('small', 'a').set('new', 'content').exec()
    for (const key of ['large', 'small']) {
      const digest = (await digestOf(store, key)) as string
      await client.sadd(key, 'one more')
      expect(await store.remove?.([{ key, expect: { digest } }], signal)).toMatchObject([
        { error: { code: 'E_CHANGED' } },
      ])
      const pair = { from: 'new', to: key, expect: { digest } }
      expect(await copy([pair], 'match')).toMatchObject([{ error: { code: 'E_CHANGED' } }])
      const now = { digest: (await digestOf(store, key)) as string }
      expect(await copy([{ ...pair, expect: now }], 'match')).toEqual([{ outcome: 'done', reason: 'replaced' }])
      expect(await client.get(key)).toBe('content')
      const last = { digest: (await digestOf(store, key)) as string }
      expect(await store.remove?.([{ key, expect: last }], signal)).toEqual([{ outcome: 'done' }])
    }
    expect(await client.keys('*')).toEqual(['new'])
  })

  test('a match also holds the time that was seen', async () => {
    await client.hset('from', { updated_at: '2025-01-03T00:00:00Z' })
    await client.hset('to', { updated_at: '2025-01-02T00:00:00Z' })
    const digest = (await digestOf(store, 'to')) as string
    const pair = { from: 'from', to: 'to', expect: { digest, mtimeMs: Date.UTC(2025, 0, 1) } }
    expect(await copy([pair], 'match')).toMatchObject([{ outcome: 'failed', error: { code: 'E_CHANGED' } }])
    const right = { ...pair, expect: { digest, mtimeMs: Date.UTC(2025, 0, 2) } }
    expect(await copy([right], 'match')).toEqual([{ outcome: 'done', reason: 'replaced' }])
  })

  test('a string is read as plain content, any other type as its dump', async () => {
    await client.set('string', 'content', 'PXAT', EXPIRY)
    await client.hset('hash', { a: '1' })
    expect(await store.read?.('string', signal)).toMatchObject({ form: 'plain', type: 'string', expiresMs: EXPIRY })
    expect(await store.read?.('hash', signal)).toMatchObject({ form: 'redis-dump', type: 'hash' })
  })

  test('plain content becomes a string, and says what is lost', async () => {
    const plain = {
      form: 'plain' as const,
      body: async function* () {
        yield Buffer.from('con')
        yield Buffer.from('tent')
      },
    }
    const write = (key: string, guard: Guard, extra = {}, expect = {}) =>
      store.write?.({ key, content: { ...plain, ...extra }, expect }, guard, signal)
    expect(await write('a', 'absent', { mtimeMs: 1, mode: 0o644 })).toEqual({
      outcome: 'done',
      lost: ['mtime', 'mode'],
    })
    expect(await write('a', 'absent')).toEqual({ outcome: 'skipped', reason: 'exists' })
    expect(await client.get('a')).toBe('content')
    expect(await write('b', 'absent', { expiresMs: EXPIRY })).toEqual({ outcome: 'done' })
    expect(await entryOf(store, 'b')).toEqual({ key: 'b', type: 'string', expiresMs: EXPIRY })
    expect(await write('b', 'any')).toEqual({ outcome: 'done' })
    expect(await entryOf(store, 'b')).toEqual({ key: 'b', type: 'string' })
    await client.set('c', 'was')
    const digest = (await digestOf(store, 'c')) as string
    expect(await write('c', 'match', {}, { digest })).toMatchObject({ outcome: 'done' })
    expect(await write('c', 'match', {}, { digest })).toMatchObject({ error: { code: 'E_CHANGED' } })
    expect(await write('c', 'merge')).toMatchObject({ error: { code: 'E_TYPE' } })
  })
})

test('a payload that the server does not take in is told with both versions', async () => {
  const store = await openAt(elsewhere.location)
  const payload = Buffer.concat([Buffer.from([0, 1, 0x61]), Buffer.from([0xe7, 0x03]), Buffer.alloc(8)])
  const body = async function* () {
    yield payload
  }
  const outcome = await store.write?.({ key: 'a', content: { form: 'redis-dump', body } }, 'absent', signal)
  await store.close()
  expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'E_TYPE' } })
  expect(outcome && 'error' in outcome && outcome.error.message).toMatch(/RDB version 999.*Redis 7\./)
})

/** An entry without what names the thing itself, which is of this server and run. */
function withoutObject(looked: Looked): Entry {
  expect(looked).toMatchObject({ object: expect.stringMatching(/^\w+\/\d+\//) })
  const { object: _object, ...entry } = looked as Entry
  return entry
}
