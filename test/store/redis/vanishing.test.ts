/** Keys that go between two questions about them: after their types were told and before their contents are asked for. */
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { Describer } from '../../../src/store/redis/describe.ts'
import { digestsByClient } from '../../../src/store/redis/digest.ts'
import { listKeys } from '../../../src/store/redis/list-keys.ts'
import { openServers } from '../../../src/store/redis/open-redis.ts'
import { Scripts } from '../../../src/store/redis/scripts.ts'
import type { Servers } from '../../../src/store/redis/servers.ts'
import { sendByKey } from '../../../src/store/redis/servers.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, signal, surroundings } from './open.ts'
import { plant } from './plant.ts'

let server: RedisServer
let client: Redis
let servers: Servers

beforeAll(async () => {
  server = await startRedis()
  client = clientOf(server.location)
  servers = (await openServers(server.location, STORE_DEFAULTS, surroundings()))[1]
})
beforeEach(async () => {
  const a = Buffer.from('a')
  await client.flushall()
  await plant(client, 'string', { type: 'string', value: a })
  await plant(client, 'hash', { type: 'hash', pairs: [[a, a]] })
  await plant(client, 'list', { type: 'list', elements: [a] })
  await plant(client, 'set', { type: 'set', elements: [a] })
  await plant(client, 'zset', { type: 'zset', scores: [[a, '1']] })
  await plant(client, 'stream', { type: 'stream', entries: [[[a, a]]], groups: [] })
})
afterAll(async () => {
  await servers.close()
  client.disconnect()
  await server.stop()
})

test('a listing with values leaves them out and goes on', async () => {
  await client.set('stays', 'v')
  const describer = new Describer(servers, new Scripts(servers), [])
  const describe = describer.describe.bind(describer)
  describer.describe = async (keys, ended) => {
    const described = await describe(keys, ended)
    await client.del('string', 'hash', 'list', 'set', 'zset', 'stream')
    return described
  }
  const entries = []
  for await (const batch of listKeys(servers, describer, { values: true }, undefined, signal)) entries.push(...batch)
  expect(entries).toEqual([{ key: 'stays', type: 'string', value: { value: 'v' } }])
})

test('they have no digest', async () => {
  const digests = await digestsByClient(['hash', 'stream'], async (keys, requests) => {
    if (/HGETALL|XINFO/.test(String(requests[0]?.[0]))) await client.del('hash', 'stream')
    return sendByKey(servers, keys, requests, signal)
  })
  expect(digests).toEqual([undefined, undefined])
})
