/**
 * A source that changes between the look and its copy, on a server that ignores the condition on it: the copy of what
 * nobody has asked for is taken away again, and nothing else is.
 */
import { ListObjectVersionsCommand, PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordsOf, runTool } from '../../run-tool.ts'
import type { Fault, FaultProxy } from '../../servers/fault-proxy.ts'
import { startFaultProxy } from '../../servers/fault-proxy.ts'
import type { Bucket, S3Server } from '../../servers/s3.ts'
import { freshBucket, s3Environment, s3Server } from '../../servers/s3.ts'

let server: S3Server
let proxy: FaultProxy
let env: Record<string, string>
beforeAll(async () => {
  server = await s3Server()
  proxy = await startFaultProxy(server.endpoint)
  env = s3Environment({ ...server, endpoint: proxy.endpoint })
})
afterAll(() => proxy.stop())

const put = ({ client, name: Bucket }: Bucket, Key: string, Body: string) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body }))

interface Copied {
  readonly args?: readonly string[]
  readonly environment?: Record<string, string>
  readonly faults?: readonly Fault[]
}

/** Plans old to new, and copies while old changes between the look and the copy. */
async function copied(bucket: Bucket, { args = [], environment = env, faults = [] }: Copied = {}) {
  await put(bucket, 'old', 'as it was listed')
  proxy.clear()
  const listed = await runTool('list-keys', { args: [bucket.location, '--match', 'old'], env })
  const plan = await runTool('rewrite-keys', { args: ['--sub', 's/old/new/'], stdin: listed.stdout })
  proxy.inject(
    { does: 'meanwhile', method: 'PUT', path: /\/new$/, act: () => put(bucket, 'old', 'and now') },
    ...faults,
  )
  const run = await runTool('copy-apply', { args, stdin: plan.stdout, env: environment })
  expect(run.code, run.stderr).toBe(1)
  const [record] = recordsOf(run)
  expect(record).toMatchObject({ outcome: 'failed', error: { code: 'E_CHANGED', retryable: false } })
  expect(record.error.message).toContain('key "old": no longer what the record says; now 7 bytes')
  return record.error.message as string
}

/** Every version and delete marker of `new`, with its size. */
async function versionsOfNew({ client, name: Bucket }: Bucket) {
  const found = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'new' }))
  return [...(found.Versions ?? []).map(({ Size }) => Size), ...(found.DeleteMarkers ?? []).map(() => 'marker')]
}

test.each([false, true])('the copy is taken away, versions kept: %s', async (versioning) => {
  const bucket = await freshBucket(server, { versioning })
  expect(await copied(bucket)).toContain('; its copy "new" was taken away again')
  expect(await versionsOfNew(bucket)).toEqual([])
})

test('what somebody else has written there since stays', async () => {
  const bucket = await freshBucket(server)
  const isCopied = () => proxy.requests.some(({ method, path }) => method === 'PUT' && path.endsWith('/new'))
  const act = async () => isCopied() && (await put(bucket, 'new', 'by somebody else'))
  const overtake: Fault = { does: 'meanwhile', act, method: 'HEAD', path: /\/old$/, times: Number.POSITIVE_INFINITY }
  expect(await copied(bucket, { faults: [overtake] })).toContain('; "new" holds what somebody else has written since')
  expect(await versionsOfNew(bucket)).toEqual([16])
})

test('a copy that may not be taken away is named', async () => {
  const bucket = await freshBucket(server)
  const user = { AWS: ['arn:aws:iam:::user/other'] }
  const all = [`arn:aws:s3:::${bucket.name}`, `arn:aws:s3:::${bucket.name}/*`]
  const Statement = [
    { Effect: 'Allow', Principal: user, Action: 's3:*', Resource: all },
    { Effect: 'Deny', Principal: user, Action: 's3:DeleteObject', Resource: `arn:aws:s3:::${bucket.name}/new` },
  ]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
  const message = await copied(bucket, { environment: s3Environment({ ...server.other, endpoint: proxy.endpoint }) })
  expect(message).toMatch(/; its copy "new" has what it is now and could not be taken away: .*AccessDenied/)
  expect(await versionsOfNew(bucket)).toEqual([7])
})

test('what was to be replaced is not taken away', async () => {
  const bucket = await freshBucket(server)
  await put(bucket, 'new', 'as it was')
  expect(await copied(bucket, { args: ['--if-exists', 'overwrite'] })).toContain('; "new" has what it is now')
  expect(await versionsOfNew(bucket)).toEqual([7])
})

test.each([
  ['its etag', { etag: 'd41d8cd98f00b204e9800998ecf8427e' }],
  ['its size', { etag: 'REAL', size: 1 }],
])(
  'what has changed since it was listed is not copied: %s, in a usual line and in one that is parsed',
  async (_, was) => {
    const bucket = await freshBucket(server)
    const { ETag = '' } = await put(bucket, 'old', 'now')
    const listed = { ...was, etag: was.etag.replace('REAL', ETag.replaceAll('"', '')) }
    const plan = [{}, { more: {} }].map(
      (more) => `${JSON.stringify({ store: bucket.location, key: 'old', ...listed, ...more, to: 'new' })}\n`,
    )
    const run = await runTool('copy-apply', { stdin: plan.join(''), env })
    const changed = { outcome: 'failed', error: { code: 'E_CHANGED' } }
    expect(recordsOf(run)).toMatchObject([changed, changed])
    expect(await versionsOfNew(bucket)).toEqual([])
  },
)

test('what is as it was listed is copied, in a usual line and in one that is parsed', async () => {
  const bucket = await freshBucket(server)
  const { ETag = '' } = await put(bucket, 'old', 'now')
  const listed = { store: bucket.location, key: 'old', size: 3, etag: ETag.replaceAll('"', '') }
  const plan = [{}, { more: {} }].map((more, at) => `${JSON.stringify({ ...listed, ...more, to: `new${at}` })}\n`)
  const run = await runTool('copy-apply', { stdin: plan.join(''), env })
  expect(recordsOf(run)).toMatchObject([
    { outcome: 'done', toEtag: listed.etag },
    { outcome: 'done', toEtag: listed.etag },
  ])
})
