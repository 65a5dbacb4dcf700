import type { Cluster } from 'ioredis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Entry, Store } from '../../../src/store/contract.ts'
import { readSlots } from '../../../src/store/redis/cluster.ts'
import { slotOf } from '../../../src/store/redis/slot.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import type { RedisCluster } from '../../servers/redis-cluster.ts'
import { startRedisCluster } from '../../servers/redis-cluster.ts'
import { describeStore } from '../conformance.ts'
import { listAll, only, openAt, signal } from './open.ts'

let cluster: RedisCluster
let client: Cluster

beforeAll(async () => {
  cluster = await startRedisCluster()
  client = new Redis.Cluster(cluster.servers.map(({ port }) => ({ host: '127.0.0.1', port })))
})
afterAll(async () => {
  client.disconnect()
  await cluster.stop()
})

const flush = () => Promise.all(client.nodes('master').map((node) => node.flushall()))

test.each([
  ['123456789', 12739],
  ['', 0],
  ['foo', 12182],
  ['{foo}bar', 12182],
  ['x{foo}{bar}', 12182],
  ['foo{}{bar}', 8363],
  ['foo{{bar}}zap', slotOf('{bar')],
  [Buffer.from([0xff, 0xfe]), slotOf(Buffer.from([0xff, 0xfe]))],
])('the slot of %s is %d', async (key, slot) => {
  expect(slotOf(key)).toBe(slot)
  expect(await client.cluster('KEYSLOT', key as string)).toBe(slot)
})

test('a server that does not know its own name is the one that was asked', () => {
  const reply = [
    [0, 8191, [null, 7000]],
    [8192, 16382, [Buffer.from('other'), 7001], [Buffer.from('replica'), 7002]],
  ]
  const table = readSlots(reply as never, { host: 'asked', port: 6379 })
  expect(table.places).toEqual([
    { host: 'asked', port: 7000 },
    { host: 'other', port: 7001 },
  ])
  expect([0, 8191, 8192, 16382, 16383].map((slot) => table.placeOfSlot[slot])).toEqual([0, 0, 1, 1, -1])
})

describeStore('a Redis cluster', {
  async open() {
    await flush()
    const store = await openAt(cluster.location)
    return {
      store,
      plant: async (key, content) => {
        await client.set(key, typeof content === 'string' ? content : Buffer.from(content))
      },
      close: () => store.close(),
    }
  },
  traits: { ordered: false, unique: false, guards: ['absent', 'match', 'merge', 'any'], holds: ['type', 'expiry'] },
  oddKeys: [
    '',
    ' ',
    '{',
    '}',
    '{}',
    '{tag}a',
    '{tag}b',
    'a{b}c',
    'new\nline',
    'é',
    Buffer.from([0xff]),
    Buffer.from('{\xff}x', 'latin1'),
  ],
})

describe('across slots', () => {
  let store: Store
  beforeAll(async () => {
    store = await openAt(cluster.location)
  })
  beforeEach(flush)
  afterAll(() => store.close())

  test('the keys of every master are listed, copied, compared and removed', async () => {
    const keys = Array.from({ length: 1500 }, (_, at) => `job:${at}`)
    for (const [at, key] of keys.entries()) await client.hset(key, { id: at, status: 'pending' })
    await client.pexpireat('job:7', 4_102_444_800_123)
    expect(new Set((await listAll(store)).map(({ key }) => key)).size).toBe(1500)
    const pairs = keys.map((from) => ({ from, to: from.replace('job', 'step') }))
    const outcomes = (await store.copy?.(pairs, 'absent', signal)) ?? []
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['done']))
    const digests = (await store.digest?.([...keys, ...pairs.map(({ to }) => to)], signal)) ?? []
    expect(digests.slice(1500)).toEqual(digests.slice(0, 1500))
    const [seven] = (await store.stat(['step:7'], signal)) as Entry[]
    expect(seven).toMatchObject({ key: 'step:7', type: 'hash', expiresMs: 4_102_444_800_123 })
    const again = (await store.copy?.(pairs, 'absent', signal)) ?? []
    expect(new Set(again.map((one) => 'reason' in one && one.reason))).toEqual(new Set(['exists']))
    const targets = pairs.map(({ to }, at) => ({ key: to, expect: { digest: digests[at] as string } }))
    const removed = (await store.remove?.(targets, signal)) ?? []
    expect(new Set(removed.map(({ outcome }) => outcome))).toEqual(new Set(['done']))
    expect((await listAll(store)).length).toBeGreaterThanOrEqual(1500)
  })

  test('the tools move keys, prove them and delete what is proven', async () => {
    for (let at = 0; at < 20; at++) await client.hset(`job:${at}`, { id: at })
    const listed = await runTool('list-keys', { args: [cluster.location] })
    const plan = await runTool('rewrite-keys', { args: ['--sub', 's/^job/step/'], stdin: listed.stdout })
    const run = await runTool('copy-apply', { stdin: plan.stdout })
    await client.hset('step:3', { id: 'another' })
    const proven = await runTool('verify', { stdin: run.stdout })
    expect(proven.stderr).toContain('20 records')
    expect(recordsOf(proven).filter(({ verified }) => !verified)).toMatchObject([
      { to: 'step:3', differs: ['content'] },
    ])
    await client.hset('step:4', { id: 'another' })
    const deleted = recordsOf(await runTool('delete-apply', { stdin: proven.stdout }))
    expect(deleted.filter((one) => one.deleted === 'source')).toHaveLength(18)
    expect(deleted.filter(({ error }) => error)).toMatchObject([{ to: 'step:4', error: { code: 'E_UNPROVEN' } }])
  })

  test('collections are merged, and a match is held', async () => {
    await client.hset('from', { a: 'from', b: 'from' })
    await client.hset('to', { a: 'to' })
    expect(slotOf('from')).not.toBe(slotOf('to'))
    const pair = { from: 'from', to: 'to' }
    expect(await store.includes?.([pair], signal)).toEqual([false])
    expect(await store.copy?.([pair], 'merge', signal)).toEqual([{ outcome: 'done', reason: 'merged' }])
    expect(await client.hgetall('to')).toEqual({ a: 'to', b: 'from' })
    expect(await store.includes?.([pair], signal)).toEqual([true])
    const digest = only((await store.digest?.(['to'], signal)) ?? []) as string
    await client.hset('to', 'c', 'later')
    const late = await store.copy?.([{ ...pair, expect: { digest } }], 'match', signal)
    expect(late).toMatchObject([{ outcome: 'failed', error: { code: 'E_CHANGED' } }])
  })

  test('a slot that has moved is E_BUSY once, and found by the next call', async () => {
    await client.set('moving', 'v')
    expect(await store.stat(['moving'], signal)).toMatchObject([{ type: 'string' }])
    const back = await moveSlot(slotOf('moving'))
    const during = only(await store.stat(['moving'], signal))
    expect(during).toMatchObject({ code: 'E_BUSY', retryable: true })
    expect(await store.stat(['moving'], signal)).toMatchObject([{ type: 'string' }])
    await back()
  })

  test('a slot of which a part is elsewhere is E_BUSY for what has gone ahead', async () => {
    await client.set('moving', 'v')
    const finish = await moveSlot(slotOf('moving'), 'and stop half way')
    expect(await store.copy?.([{ from: 'moving', to: '{moving}2' }], 'absent', signal)).toMatchObject([
      { outcome: 'failed', error: { code: 'E_BUSY' } },
    ])
    await finish()
  })

  test('a server that is away is E_CONNECTION for its keys alone', async () => {
    const other = await startRedisCluster(['--cluster-require-full-coverage', 'no'])
    const there = await openAt(other.location, { timeoutMs: 1000 })
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    expect(await there.stat(keys, signal)).toEqual(keys.map(() => undefined))
    const [, , last] = other.servers
    await last?.kill()
    const answers = await there.stat(keys, signal)
    const ofLast = (key: string) => slotOf(key) >= 10923
    expect(answers.map((answer) => (answer instanceof Error ? 'away' : 'absent'))).toEqual(
      keys.map((key) => (ofLast(key) ? 'away' : 'absent')),
    )
    await there.close()
    await Promise.all(other.servers.slice(0, 2).map((server) => server.stop()))
  })
})

/** Moves a slot with its keys from its master to another, or leaves its keys ahead of it; gives the way to finish. */
async function moveSlot(slot: number, halfWay?: 'and stop half way'): Promise<() => Promise<void>> {
  const nodes = await Promise.all(
    cluster.servers.map(async ({ port }) => {
      const node = new Redis(port, '127.0.0.1')
      return { node, port, id: String(await node.cluster('MYID')) }
    }),
  )
  const table = readSlots((await nodes[0]?.node.callBuffer('CLUSTER', 'SLOTS')) as never, { host: '', port: 0 })
  const from = nodes.find(({ port }) => port === table.places[table.placeOfSlot[slot] as number]?.port)
  const to = nodes.find((node) => node !== from)
  if (from === undefined || to === undefined) throw new Error('no masters')
  await to.node.cluster('SETSLOT', slot, 'IMPORTING', from.id)
  await from.node.cluster('SETSLOT', slot, 'MIGRATING', to.id)
  const keys = (await from.node.cluster('GETKEYSINSLOT', slot, 100)) as string[]
  if (keys.length > 0) await from.node.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5000, 'KEYS', ...keys)
  const finish = async () => {
    for (const { node } of [to, from, ...nodes]) await node.cluster('SETSLOT', slot, 'NODE', to.id)
    for (const { node } of nodes) node.disconnect()
  }
  if (halfWay !== undefined) return finish
  for (const { node } of [to, from]) await node.cluster('SETSLOT', slot, 'NODE', to.id)
  return async () => {
    for (const { node } of nodes) node.disconnect()
  }
}
