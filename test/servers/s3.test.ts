/** The S3 server of the tests, as programs that are not ours see it. */
import { ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, expect, test } from 'vitest'
import type { Bucket, S3Server } from './s3.ts'
import { freshBucket, runAws, runRclone, s3Client, s3Server } from './s3.ts'

let server: S3Server
let bucket: Bucket
beforeAll(async () => {
  server = await s3Server()
  bucket = await freshBucket(server)
})

test('what aws writes, rclone and the SDK list', async () => {
  const written = await runAws(server, ['s3', 'cp', '-', `${bucket.location}/a/ü +%.json`], '{"a":1}')
  expect(written.stderr).toBe('')
  const args = ['lsf', '-R', '--files-only', `s3:${bucket.name}`]
  const listed = await runRclone(server, args)
  expect(listed).toMatchObject({ stdout: 'a/ü +%.json\n', code: 0 })
})

test('a wrong secret is refused, and so is another account', async () => {
  const list = new ListObjectVersionsCommand({ Bucket: bucket.name })
  // The gateway's errors have a code and no message.
  await expect(s3Client({ ...server, secretKey: 'wrong' }).send(list)).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  })
  await expect(s3Client({ ...server, ...server.other }).send(list)).rejects.toMatchObject({ name: 'AccessDenied' })
})

test('a bucket with versions is emptied of them', async () => {
  const versioned = await freshBucket(server, { versioning: true })
  const client = s3Client(server)
  for (const Body of ['one', 'two']) {
    await client.send(new PutObjectCommand({ Bucket: versioned.name, Key: 'a', Body }))
  }
  const count = async () => {
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: versioned.name }))
    return Versions.length
  }
  expect(await count()).toBe(2)
  await versioned.empty()
  expect(await count()).toBe(0)
})
