/** The listing of unfinished uploads and of their parts, where it takes several pages. */
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { Gate } from '../../../src/store/aws/gate.ts'
import { Bucket } from '../../../src/store/s3/connection.ts'
import { Identity } from '../../../src/store/s3/credentials.ts'
import { listUploads } from '../../../src/store/s3/unfinished-uploads.ts'
import { freshBucket, REGION, s3Server } from '../../servers/s3.ts'
import { obedientServer } from './obedient-server.ts'
import { openAt, signal } from './open.ts'

test('every upload comes once, however many pages it takes, several of one key too', async () => {
  const server = await s3Server()
  const { name, client } = await freshBucket(server)
  const begun: string[] = []
  for (const Key of ['a', 'a', 'a', 'b c', 'ü', 'z+z', 'z+z']) {
    const { UploadId = '' } = await client.send(new CreateMultipartUploadCommand({ Bucket: name, Key }))
    begun.push(`${Key} ${UploadId}`)
  }
  const { origin, host } = new URL(server.endpoint)
  const target = { origin, host, basePath: `/${name}`, region: REGION }
  const keys = { accessKeyId: server.accessKey, secretAccessKey: server.secretKey }
  const bucket = new Bucket({
    name,
    target,
    targetIn: async () => target,
    identity: new Identity(keys, async () => keys, Date.now),
    timeoutMs: 10_000,
    gate: new Gate(),
    now: Date.now,
  })
  try {
    for (const pageSize of [2, 3, 1000]) {
      const listed = await listUploads(bucket, signal, pageSize)
      expect(listed.map(({ key, id }) => `${key} ${id}`).sort()).toEqual(begun.sort())
    }
  } finally {
    await bucket.close()
  }
})

test('tells what has come, and ends; an upload that is gone is none, and is ended in peace', async () => {
  const server = await s3Server()
  const { name, client } = await freshBucket(server)
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: name, Key: 'k' }))
  for (const PartNumber of [1, 2]) {
    await client.send(new UploadPartCommand({ Bucket: name, Key: 'k', UploadId, PartNumber, Body: 'part' }))
  }
  const store = await openAt(server, `s3://${name}`)
  const { uploads } = store
  if (uploads === undefined) throw new Error('a bucket tells its uploads')
  const [upload, ...more] = await uploads.begun('k', signal)
  expect({ upload, more }).toEqual({
    upload: { key: 'k', id: UploadId, begunMs: expect.any(Number), by: expect.any(String) },
    more: [],
  })
  if (upload === undefined) throw new Error('it was begun')
  const state = await uploads.state(upload, signal)
  expect(state).toMatchObject({ parts: 2, sizeBytes: 8 })
  expect(Math.abs(state?.idleMs ?? Number.NaN)).toBeLessThan(60_000)
  await uploads.end(upload, signal)
  expect(await uploads.state(upload, signal)).toBeUndefined()
  await uploads.end(upload, signal)
  expect(await uploads.begun('k', signal)).toEqual([])
  await store.close()
})

test.each<[string, string | undefined, readonly string[]]>([
  ['a user', 'arn:aws:iam::1:user/ann', ['arn:aws:iam::1:user/ann']],
  [
    'a role, whatever its session is called',
    'arn:aws:sts::1:assumed-role/mover/today',
    ['arn:aws:sts::1:assumed-role/mover/today', 'arn:aws:sts::1:assumed-role/mover/yesterday'],
  ],
  ['somebody whom the server does not name', undefined, ['']],
])('only what was begun by who we are is told: %s', async (_, user, ours) => {
  const server = await obedientServer(user === undefined ? {} : { user })
  const warnings: string[] = []
  const store = await openAt(server, 's3://bucket', { warnings })
  const others = [
    'arn:aws:iam::1:user/bob',
    'arn:aws:sts::1:assumed-role/movers/today',
    'arn:aws:sts::1:assumed-role/x/mover',
  ]
  for (const by of [...ours, ...others]) {
    server.uploads.set(by, { key: 'k', sums: undefined, parts: new Map(), by: by || undefined })
  }
  const told = await store.uploads?.begun('k', signal)
  expect(told?.map(({ id }) => id)).toEqual(ours)
  expect(warnings).toHaveLength(user === undefined ? 1 : 0)
  expect(server.uploads.size).toBe(ours.length + others.length)
  await store.close()
  await server.stop()
})
