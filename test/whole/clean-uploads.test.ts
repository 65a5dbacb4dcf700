/** What copy-apply --clean-uploads ends: our unfinished uploads under the plan's destinations, and only when they are idle. */
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { recordsOf, runTool } from '../run-tool.ts'
import type { FaultProxy } from '../servers/fault-proxy.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import type { Bucket, S3Server } from '../servers/s3.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

const HOUR_MS = 3_600_000
const KEYS = ['new/a b+c', 'new/ü&<1>', 'new/plain']

let server: S3Server
let bucket: Bucket
let proxy: FaultProxy
let env: Record<string, string>
beforeAll(async () => {
  server = await s3Server()
  proxy = await startFaultProxy(server.endpoint)
  env = s3Environment({ ...server, endpoint: proxy.endpoint })
})
beforeEach(async () => {
  bucket = await freshBucket(server)
})
afterEach(() => proxy.clear())
afterAll(() => proxy.stop())

async function begin(key: string): Promise<string> {
  const { client } = bucket
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: bucket.name, Key: key }))
  const part = { Bucket: bucket.name, Key: key, UploadId, PartNumber: 1, Body: 'a part' }
  await client.send(new UploadPartCommand(part))
  return UploadId ?? ''
}

async function open(): Promise<string[]> {
  const { Uploads = [] } = await bucket.client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }))
  return Uploads.map(({ UploadId = '' }) => UploadId).sort()
}

/** The server's clock, as it tells the parts of an upload, is so many hours ahead of when they came. */
function later(hours: number): void {
  const part = `<Part><PartNumber>1</PartNumber><LastModified>${new Date().toISOString()}</LastModified><Size>6</Size></Part>`
  const body = `<ListPartsResult><IsTruncated>false</IsTruncated>${part}</ListPartsResult>`
  const headers = { date: new Date(Date.now() + hours * HOUR_MS).toUTCString() }
  proxy.inject({ does: 'answer', status: 200, headers, body, path: /max-parts=/, times: Number.POSITIVE_INFINITY })
}

async function clean(...args: string[]) {
  const plan = KEYS.map((to, nth) => ({ store: bucket.location, key: `old/${nth}`, to, note: nth }))
  const stdin = plan.map((record) => `${JSON.stringify(record)}\n`).join('')
  const run = await runTool('copy-apply', { args: ['--clean-uploads', '24', ...args], stdin, env })
  expect(recordsOf(run)).toEqual(plan)
  expect(run.code).toBe(0)
  return run.stderr
}

test('idle ones under the plan’s destinations are ended, each is named, and no other', async () => {
  const ours = [await begin(KEYS[0] as string), await begin(KEYS[1] as string), await begin(KEYS[1] as string)]
  const elsewhere = await begin('new/other')
  later(25)
  const foreseen = await clean('--dry-run')
  expect(foreseen).toContain('3 unfinished uploads would be ended, 18 bytes in parts; 0 may be in use')
  expect(await open()).toEqual([...ours, elsewhere].sort())
  const told = await clean()
  for (const key of KEYS.slice(0, 2)) expect(told).toContain(key)
  expect(told).not.toContain('new/other')
  expect(told).toContain('3 unfinished uploads ended, 18 bytes in parts; 0 may be in use')
  expect(await open()).toEqual([elsewhere])
  expect(await clean()).toContain('0 unfinished uploads ended')
})

test('one to which something has come of late stays, and so does one that is as it was told', async () => {
  const upload = await begin(KEYS[2] as string)
  expect(await clean()).toContain('1 may be in use')
  later(23)
  expect(await clean()).toContain('may be in use, and stays')
  expect(await open()).toEqual([upload])
})

test('nothing is copied, and what does not go with it is refused', async () => {
  await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'old/0', Body: 'x' }))
  await clean()
  expect(proxy.requests.filter(({ method }) => method === 'PUT')).toEqual([])
  for (const more of [['--retry'], ['--resume', 'run.ndjson'], ['--intents', 'begun.ndjson']]) {
    const run = await runTool('copy-apply', { args: ['--clean-uploads', '24', ...more], env })
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('--clean-uploads copies nothing') })
  }
})

test('a store without uploads has none to end', async () => {
  const stdin = `${JSON.stringify({ store: 'file:.', key: 'a', to: 'b' })}\n`
  const run = await runTool('copy-apply', { args: ['--clean-uploads', '24'], stdin, env })
  expect(run).toMatchObject({ code: 0, stdout: stdin, stderr: expect.stringContaining('0 unfinished uploads ended') })
})
