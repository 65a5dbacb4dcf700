/** A lease that a worker of cocli has written, on Ceph: it is respected while it lives, and taken over when it does not. */

import { setTimeout as sleep } from 'node:timers/promises'
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test, vi } from 'vitest'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { claim } from '../../../src/store/lease/claim.ts'
import { Watch } from '../../../src/store/lease/judge.ts'
import { openLeases } from '../../../src/store/lease/open.ts'
import { freshBucket, s3Environment, s3Server } from '../../servers/s3.ts'
import { surroundings } from '../s3/open.ts'

const { signal } = new AbortController()

test.each([
  ['long ago, without an offset', { created_at: '2020-02-05T23:45:00', heartbeat_at: '2020-02-05T23:45:00' }],
  ['without a heartbeat', { created_at: '2020-02-05T23:45:00+00:00' }],
  ['of a clock that is ahead', { created_at: '2099-02-05T23:45:00+00:00', heartbeat_at: '2099-02-05T23:45:00+00:00' }],
])('a lease %s lives as long as the object is young', async (_, times) => {
  const server = await s3Server()
  const { name: Bucket, location, client } = await freshBucket(server)
  for (const [name, value] of Object.entries(s3Environment(server))) vi.stubEnv(name, value)
  const space = await openLeases(`${location}/q`, STORE_DEFAULTS, surroundings())
  vi.unstubAllEnvs()
  const object = { Bucket, Key: 'q/task.lease.json' }
  await client.send(new PutObjectCommand({ ...object, Body: JSON.stringify({ worker_id: 'pi-1', ...times }) }))
  const clock = { now: Date.now, steady: () => performance.now() }
  const keeper = { worker: { id: 'ours', host: 'h', pid: 1 }, termMs: 900_000, clock }
  const early = await claim(space, 'task', { ...keeper, staleMs: 600_000 }, new Watch(), signal)
  expect(early).toMatchObject({ heldBy: { record: { worker_id: 'pi-1' } } })
  for (;;) {
    const claimed = await claim(space, 'task', { ...keeper, staleMs: 1_000 }, new Watch(), signal)
    if (!('lease' in claimed)) {
      await sleep(20)
      continue
    }
    expect(claimed.lease.token).toBe(1)
    const { Metadata } = await client.send(new HeadObjectCommand(object))
    expect(Metadata).toMatchObject({ 'worker-id': 'ours', 'heartbeat-at': expect.stringMatching(/\+00:00$/) })
    await claimed.lease.release(0)
    break
  }
  await space.close()
})
