/** A key and its copy are never both removed: whether the other one is there is asked in the same step as the removal. */
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../../src/store/contract.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, only, openAt, signal } from './open.ts'

let server: RedisServer
let client: Redis
let stores: Record<string, Store>

beforeAll(async () => {
  server = await startRedis()
  client = clientOf(server.location)
  await client.call('ACL', 'SETUSER', 'plain', 'on', 'nopass', '~*', '+@all', '-@scripting')
  stores = {
    'by scripts': await openAt(server.location),
    'without scripts': await openAt(server.location.replace('redis://', 'redis://plain:any@')),
  }
})
beforeEach(async () => {
  await client.flushall()
  const pipeline = client.pipeline()
  for (let at = 0; at < 500; at++) pipeline.set(`job:${at}`, at).set(`step:${at}`, at)
  await pipeline.exec()
})
afterAll(async () => {
  await Promise.all(Object.values(stores).map((store) => store.close()))
  client.disconnect()
  await server.stop()
})

test.each(['by scripts', 'without scripts'])('%s', async (way) => {
  const store = stores[way] as Store
  const remove = async (from: string, to: string, numbers: readonly number[]) => {
    const digests = (await store.digest?.(
      numbers.map((at) => `job:${at}`),
      signal,
    )) as string[]
    const targets = numbers.map((at, nth) => ({
      key: `${from}:${at}`,
      expect: { digest: digests[nth] as string },
      witness: { store: store.location, key: `${to}:${at}`, expect: {} },
    }))
    return await store.remove?.(targets, signal)
  }
  await client.del('step:7')
  expect(only((await remove('job', 'step', [7])) ?? [])).toMatchObject({ error: { code: 'E_UNPROVEN' } })
  expect(await client.exists('job:7')).toBe(1)
  const numbers = Array.from({ length: 100 }, (_, at) => at + 10)
  const [here, there] = await Promise.all([remove('job', 'step', numbers), remove('step', 'job', numbers)])
  for (const [nth, at] of numbers.entries()) {
    expect([here?.[nth]?.outcome, there?.[nth]?.outcome]).toContain('failed')
    expect(await client.exists(`job:${at}`, `step:${at}`)).toBeGreaterThan(0)
  }
  expect(await remove('job', 'step', [200, 201])).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
})
