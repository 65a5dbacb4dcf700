/** A merge from another server, whose key beside the destination can expire or be evicted before all of it was added. */
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Content, Store } from '../../../src/store/contract.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, openAt, signal } from './open.ts'

let server: RedisServer
let client: Redis
let from: Store
let to: Store

beforeAll(async () => {
  server = await startRedis()
  client = clientOf(server.location)
  from = await openAt(server.location)
  to = await openAt(server.location.replace(/0$/, '1'))
})
afterAll(async () => {
  await Promise.all([from.close(), to.close()])
  client.disconnect()
  await server.stop()
})

test('of which the key beside goes is not called done, and made again is whole', async () => {
  const elements = Array.from({ length: 20_000 }, (_, at) => [`f${at}`, '']).flat()
  await client.hset('h', ...elements)
  const content = (await from.read?.('h', signal)) as Content
  await client.select(1)
  await client.hset('h', 'a', 'to')
  const merge = () => to.write?.({ key: 'h', content }, 'merge', signal)
  let isOver = false
  const merging = merge()?.finally(() => {
    isOver = true
  })
  while (!isOver) for (const key of await client.keys('rekey-merge-*')) await client.del(key)
  expect(await merging).toMatchObject({ outcome: 'failed', error: { code: 'E_BUSY', retryable: true } })
  expect(await merge()).toEqual({ outcome: 'done', reason: 'merged' })
  expect(await client.hlen('h')).toBe(20_001)
})
