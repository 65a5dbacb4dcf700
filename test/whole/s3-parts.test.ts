/**
 * Whatever happens while an object goes in parts: it has one outcome, the bucket agrees with it, and no upload is left.
 * What is under way is held against ListMultipartUploads as another client sees it.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GetObjectCommand, ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { recordsOf, runTool } from '../run-tool.ts'
import type { Fault, FaultProxy } from '../servers/fault-proxy.ts'
import { s3Error, slowDown, startFaultProxy } from '../servers/fault-proxy.ts'
import type { Bucket } from '../servers/s3.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

const MIB = 1024 * 1024
const ALWAYS = Number.POSITIVE_INFINITY
const bytes = randomBytes(6 * MIB)

let bucket: Bucket
let proxy: FaultProxy
let env: Record<string, string>
let directory: string
beforeAll(async () => {
  const server = await s3Server()
  bucket = await freshBucket(server)
  proxy = await startFaultProxy(server.endpoint)
  env = { ...s3Environment({ ...server, endpoint: proxy.endpoint }), REKEY_S3_PART_SIZE: String(5 * MIB) }
  directory = await mkdtemp(join(tmpdir(), 'rekey-parts-'))
  await writeFile(join(directory, 'from'), bytes)
  await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: 'from', Body: bytes }))
})
afterEach(() => proxy.clear())
afterAll(async () => {
  await proxy.stop()
  await rm(directory, { recursive: true })
})

const completion = { method: 'POST', path: /uploadId=/ }
const part = { method: 'PUT', path: /partNumber=2/ }
const abortion = { method: 'DELETE', path: /uploadId=/ }

async function run(store: string, to: string) {
  const plan = { store, key: 'from', to, ...(store === bucket.location ? {} : { toStore: bucket.location }) }
  const ran = await runTool('copy-apply', {
    args: ['--retries', '2'],
    stdin: `${JSON.stringify(plan)}\n`,
    env,
  })
  return recordsOf(ran)
}

async function uploads(): Promise<readonly unknown[]> {
  return (await bucket.client.send(new ListMultipartUploadsCommand({ Bucket: bucket.name }))).Uploads ?? []
}

async function contentOf(key: string): Promise<Buffer | undefined> {
  const got = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key })).catch(() => undefined)
  const body = await got?.Body?.transformToByteArray()
  return body === undefined ? undefined : Buffer.from(body)
}

let nth = 0
describe.each(['copied inside the bucket', 'written from a file'])('an object that is %s', (way) => {
  const store = () => (way === 'written from a file' ? `file:${directory}` : bucket.location)

  test.each<[string, readonly Fault[]]>([
    ['the completion is done, and its answer lost', [{ does: 'lose', ...completion }]],
    ['the completion does not arrive', [{ does: 'drop', ...completion }]],
    ['the answer to the completion is cut', [{ does: 'cut', atByte: 30, ...completion }]],
    ['the server has had enough of a part', [{ does: 'answer', ...slowDown, ...part }]],
    [
      'the server has had enough of the completion, and of what is to end it',
      [
        { does: 'answer', ...slowDown, ...completion },
        { does: 'answer', ...slowDown, ...abortion, times: 2 },
      ],
    ],
  ])('is there, once, though %s', async (_, faults) => {
    const to = `to-${++nth}`
    proxy.inject(...faults)
    expect(await run(store(), to)).toMatchObject([{ key: 'from', to, outcome: 'done' }])
    expect(proxy.requests.some(({ faults: struck }) => struck.length > 0)).toBe(true)
    expect(bytes.equals((await contentOf(to)) ?? Buffer.alloc(0))).toBe(true)
    expect(await uploads()).toEqual([])
  })

  test.each<[string, readonly Fault[]]>([
    ['a part is refused', [{ does: 'answer', ...s3Error(403, 'AccessDenied'), ...part, times: ALWAYS }]],
    ['a part never arrives', [{ does: 'drop', ...part, times: ALWAYS }]],
    ['the completion is refused', [{ does: 'answer', ...s3Error(400, 'InvalidPart'), ...completion, times: ALWAYS }]],
  ])('is not there, nor an upload, where %s', async (_, faults) => {
    const to = `to-${++nth}`
    proxy.inject(...faults)
    expect(await run(store(), to)).toMatchObject([{ outcome: 'failed' }])
    expect(await contentOf(to)).toBeUndefined()
    expect(await uploads()).toEqual([])
  })

  test('is unknown while nobody can tell, and a retry settles it', async () => {
    // A run without faults tells how often the destination is looked at before the completion.
    await run(store(), `to-${++nth}`)
    const asked = proxy.requests.map(({ method, path }) => `${method} ${path}`)
    const completed = asked.findIndex((one) => /^POST .*uploadId=/.test(one))
    const looks = asked.slice(0, completed).filter((one) => /^HEAD .*to-/.test(one)).length
    proxy.clear()
    const to = `to-${++nth}`
    const look = { method: 'HEAD', path: /to-/ }
    proxy.inject({ does: 'lose', ...completion }, { does: 'drop', ...look, skip: looks, times: ALWAYS })
    const [first] = await run(store(), to)
    proxy.clear()
    expect(first).toMatchObject({ outcome: 'unknown', error: { code: 'E_UNANSWERED' } })
    expect(await uploads()).toEqual([])
    const again = await runTool('copy-apply', { args: ['--retry'], stdin: `${JSON.stringify(first)}\n`, env })
    expect(recordsOf(again)).toMatchObject([{ to, outcome: expect.stringMatching(/^(done|skipped)$/) }])
    expect(bytes.equals((await contentOf(to)) ?? Buffer.alloc(0))).toBe(true)
    expect(await uploads()).toEqual([])
  })
})
