/** A bucket that keeps versions no more: a deletion makes a marker, and takes for good what has been written since. */
import { ListObjectVersionsCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { recordsOf, runChain, runTool } from '../run-tool.ts'
import type { Bucket } from '../servers/s3.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

test('undo brings back what has a version, and says of the rest that it is gone for good', async () => {
  const env = s3Environment(await s3Server())
  const bucket = await freshBucket(await s3Server(), { versioning: true })
  await put(bucket, 'old/kept', 'kept')
  await put(bucket, 'old/replaced', 'of before')
  await suspend(bucket)
  await put(bucket, 'old/replaced', 'of since')
  await put(bucket, 'old/new', 'new')

  const stdin = await runChain(
    [
      ['list-keys', `${bucket.location}/old/`],
      ['rewrite-keys', '--sub', 's|^old|new|'],
      ['copy-apply'],
      ['verify'],
      ['delete-apply'],
    ],
    env,
  )
  const told = recordsOf({ stdout: stdin }).map(({ key, deleted, marker }) => [key, deleted, marker])
  expect(told.sort()).toEqual([
    ['old/kept', 'source', 'null'],
    ['old/new', 'source', undefined],
    ['old/replaced', 'source', undefined],
  ])
  const undone = await runTool('delete-apply', { args: ['--undo'], stdin, env })
  expect(undone.code).toBe(1)
  const back = recordsOf(undone).map(({ key, reason, error }) => [key, reason ?? error?.code])
  expect(back.sort()).toEqual([
    ['old/kept', 'restored'],
    ['old/new', 'E_UNSUPPORTED'],
    ['old/replaced', 'E_UNSUPPORTED'],
  ])
  const { latest, markers } = await seen(bucket)
  expect(latest).toEqual(['new/kept', 'new/new', 'new/replaced', 'old/kept'])
  // Nor has trying out what the server obeys left one of its own.
  expect(markers).toEqual(['old/new', 'old/replaced'])
})

async function put({ client, name }: Bucket, Key: string, Body: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: name, Key, Body }))
}

async function suspend({ client, name }: Bucket): Promise<void> {
  const VersioningConfiguration = { Status: 'Suspended' } as const
  await client.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration }))
}

async function seen({ client, name }: Bucket): Promise<Record<'latest' | 'markers', (string | undefined)[]>> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: name }))
  const latest = Versions.filter(({ IsLatest }) => IsLatest)
  return { latest: latest.map(({ Key }) => Key), markers: DeleteMarkers.map(({ Key }) => Key) }
}
