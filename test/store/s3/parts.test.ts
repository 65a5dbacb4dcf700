/** Objects that are too large for one request: parts of 5 MiB, the least that S3 takes. */
import { randomBytes } from 'node:crypto'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Content, Store } from '../../../src/store/contract.ts'
import type { Bucket, S3Server } from '../../servers/s3.ts'
import { freshBucket, runAws, s3Server } from '../../servers/s3.ts'
import { openAt, signal } from './open.ts'

const MIB = 1024 * 1024
const bytes = randomBytes(11 * MIB)
const headers = { 'content-type': 'text/csv', 'cache-control': 'max-age=60', 'x-amz-meta-owner': 'ann' }

let server: S3Server
let bucket: Bucket
let store: Store
beforeAll(async () => {
  server = await s3Server()
  bucket = await freshBucket(server)
  store = await openAt(server, bucket.location, { variables: { REKEY_S3_PART_SIZE: String(5 * MIB) } })
  await bucket.client.send(
    new PutObjectCommand({
      Bucket: bucket.name,
      Key: 'source',
      Body: bytes,
      ContentType: 'text/csv',
      CacheControl: 'max-age=60',
      Metadata: { owner: 'ann' },
      Tagging: 'team=blue%20sky',
    }),
  )
})
afterAll(() => store.close())

async function aws(...args: string[]) {
  const { stdout, stderr, code } = await runAws(server, ['s3api', ...args, '--bucket', bucket.name, '--output', 'json'])
  if (code !== 0) throw new Error(stderr)
  return stdout.trim() === '' ? {} : JSON.parse(stdout)
}

async function expectWhole(key: string) {
  const { Body } = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }))
  expect(bytes.equals((await Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true)
  expect(await aws('head-object', '--key', key)).toMatchObject({
    ETag: expect.stringMatching(/-3"$/),
    ContentType: 'text/csv',
    CacheControl: 'max-age=60',
    Metadata: { owner: 'ann' },
  })
  expect((await aws('get-object-tagging', '--key', key)).TagSet).toEqual([{ Key: 'team', Value: 'blue sky' }])
}

async function uploads() {
  return (await aws('list-multipart-uploads')).Uploads ?? []
}

function content(body: Content['body']): Content {
  return { form: 'plain', sizeBytes: bytes.length, headers, tags: { team: 'blue sky' }, body }
}

async function* whole() {
  yield bytes
}

async function etagOf(key: string) {
  const [entry] = await store.stat([key], signal)
  return (entry as { etag: string }).etag
}

test('a copy in parts keeps content, headers and tags, and leaves no upload', async () => {
  const [entry] = await store.stat(['source'], signal)
  const source = entry as { etag: string; sizeBytes: number }
  const { etag, sizeBytes } = source
  const outcome = await store.copy?.([{ from: 'source', to: 'copied', source: { etag, sizeBytes } }], 'absent', signal)
  expect(outcome).toMatchObject([{ outcome: 'done', etag: await etagOf('copied') }])
  await expectWhole('copied')
  expect(await uploads()).toEqual([])
})

test('a write in parts keeps content, headers and tags, and leaves no upload', async () => {
  const outcome = await store.write?.({ key: 'written', content: content(whole) }, 'absent', signal)
  expect(outcome).toMatchObject({ outcome: 'done', etag: await etagOf('written') })
  await expectWhole('written')
  expect(await uploads()).toEqual([])
})

test('a source that breaks off leaves neither an object nor an upload', async () => {
  async function* broken() {
    yield bytes
    yield bytes
    throw new Error('broken off')
  }
  const outcome = await store.write?.({ key: 'broken', content: content(broken) }, 'absent', signal)
  expect(outcome).toMatchObject({ outcome: 'failed' })
  expect(await store.stat(['broken'], signal)).toEqual([undefined])
  expect(await uploads()).toEqual([])
})

test('what came under the key while the parts were sent is not overwritten', async () => {
  async function* overtaken() {
    yield bytes.subarray(0, 10 * MIB)
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'taken', Body: 'theirs' }))
    yield bytes.subarray(10 * MIB)
  }
  const outcome = await store.write?.({ key: 'taken', content: content(overtaken) }, 'absent', signal)
  expect(outcome).toMatchObject({ outcome: 'skipped', reason: 'exists' })
  expect(await store.stat(['taken'], signal)).toMatchObject([{ sizeBytes: 6 }])
  expect(await uploads()).toEqual([])
})
