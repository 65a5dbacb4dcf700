/** A look asks first whether any key is there only while looks find nothing. */
import { expect, test } from 'vitest'
import { startRedis } from '../../servers/redis.ts'
import { clientOf, openAt, signal } from './open.ts'

test('looks that find something, and then nothing, and then something', async () => {
  const server = await startRedis()
  const client = clientOf(server.location)
  const store = await openAt(server.location)
  await client.mset('a', '1', 'b', '2')
  const found = async (...keys: string[]) => (await store.stat(keys, signal)).map((entry) => entry !== undefined)
  const asked = async () => /cmdstat_exists:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? '0'
  expect(await found('no', 'nor')).toEqual([false, false])
  expect(await asked()).toBe('1')
  expect(await found('a', 'no')).toEqual([true, false])
  expect(await asked()).toBe('2')
  expect(await found('a', 'b')).toEqual([true, true])
  expect(await found('no', 'nor')).toEqual([false, false])
  expect(await asked()).toBe('2')
  expect(await found('nor', 'b')).toEqual([false, true])
  expect(await asked()).toBe('3')
  await store.close()
  client.disconnect()
  await server.stop()
})
