/** Delete markers that a kill, a lost answer or a server's silence has left unnamed: they are found, and undo works. */
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordsOf, runChain, runTool } from '../run-tool.ts'
import type { FaultProxy } from '../servers/fault-proxy.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import type { Bucket } from '../servers/s3.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

const KEYS = Array.from({ length: 30 }, (_, n) => `old/${String(n).padStart(2, '0')} ü+`)

let proxy: FaultProxy
let env: Record<string, string>
beforeAll(async () => {
  const server = await s3Server()
  proxy = await startFaultProxy(server.endpoint)
  env = s3Environment({ ...server, endpoint: proxy.endpoint })
})
afterAll(() => proxy.stop())

/** Each key of `old/` copied to `new/` and proven, as verify has printed it. */
async function proven(versioning: boolean): Promise<{ bucket: Bucket; stdin: string }> {
  const bucket = await freshBucket(await s3Server(), { versioning })
  for (const key of KEYS) await put(bucket, key, `the value of ${key}`)
  const stdin = await runChain(
    [['list-keys', `${bucket.location}/old/`], ['rewrite-keys', '--sub', 's|^old|new|'], ['copy-apply'], ['verify']],
    env,
  )
  proxy.clear()
  return { bucket, stdin }
}

async function put({ client, name }: Bucket, Key: string, Body: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: name, Key, Body }))
}

async function hide({ client, name }: Bucket, Key: string): Promise<void> {
  await client.send(new DeleteObjectCommand({ Bucket: name, Key }))
}

async function olds({ client, name }: Bucket): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name, Prefix: 'old/' }))
  return Contents.map(({ Key = '' }) => Key)
}

test('the run after a kill names the markers of the one before, and undo takes them away', async () => {
  const { bucket, stdin } = await proven(true)
  const killed = await runTool('delete-apply', { stdin, env: { ...env, REKEY_FAULTS: 'die=12' } })
  expect(killed).toMatchObject({ signal: 'SIGKILL', stdout: '' })
  expect(await olds(bucket)).toHaveLength(KEYS.length - 12)
  const again = await runTool('delete-apply', { stdin, env })
  const records = recordsOf(again)
  expect(records.filter(({ outcome, reason }) => outcome === 'skipped' && reason === 'gone')).toHaveLength(12)
  for (const record of records) expect(record).toMatchObject({ deleted: 'source', marker: expect.any(String) })
  expect(await olds(bucket)).toEqual([])
  const undone = await runTool('delete-apply', { args: ['--undo'], stdin: again.stdout, env })
  expect(undone.code).toBe(0)
  expect(await olds(bucket)).toEqual(KEYS)
})

test('an answer that was lost does not lose its markers', async () => {
  const { bucket, stdin } = await proven(true)
  proxy.inject({ does: 'lose', method: 'POST', path: /[?&]delete/, skip: 1 })
  const run = await runTool('delete-apply', { stdin, env })
  expect(proxy.requests.some(({ faults }) => faults.includes('lose'))).toBe(true)
  for (const record of recordsOf(run)) expect(record).toMatchObject({ outcome: 'done', marker: expect.any(String) })
  await runTool('delete-apply', { args: ['--undo'], stdin: run.stdout, env })
  expect(await olds(bucket)).toEqual(KEYS)
})

test('a server that names no markers in its answer is asked for them, as Swift is', async () => {
  const { bucket, stdin } = await proven(true)
  const what = /<DeleteMarkerVersionId>.*?<\/DeleteMarkerVersionId>/g
  proxy.inject({ does: 'omit', method: 'POST', path: /[?&]delete/, what, times: 10 })
  const run = await runTool('delete-apply', { stdin, env })
  const struck = proxy.requests.filter(({ faults }) => faults.includes('omit'))
  expect(struck.length).toBeGreaterThan(0)
  for (const record of recordsOf(run)) expect(record).toMatchObject({ deleted: 'source', marker: expect.any(String) })
  const undone = await runTool('delete-apply', { args: ['--undo'], stdin: run.stdout, env })
  expect(undone.code).toBe(0)
  expect(await olds(bucket)).toEqual(KEYS)
})

test('a marker over something else is not named, and stays', async () => {
  const { bucket, stdin } = await proven(true)
  const [changed = '', ...others] = KEYS
  await put(bucket, changed, 'something else')
  await hide(bucket, changed)
  const run = await runTool('delete-apply', { stdin, env })
  const record = recordsOf(run).find(({ key }) => key === changed)
  expect(record).toMatchObject({ outcome: 'skipped', reason: 'gone' })
  expect(record).not.toHaveProperty('marker')
  expect(record).not.toHaveProperty('deleted')
  await runTool('delete-apply', { args: ['--undo'], stdin: run.stdout, env })
  expect(await olds(bucket)).toEqual(others)
})

test('a bucket without versions is asked once whether it has any', async () => {
  const { bucket, stdin } = await proven(false)
  for (const key of KEYS) await hide(bucket, key)
  const run = await runTool('delete-apply', { stdin, env })
  for (const record of recordsOf(run)) {
    expect(record).toMatchObject({ outcome: 'skipped', reason: 'gone' })
    expect(record).not.toHaveProperty('deleted')
  }
  const asked = proxy.requests.map(({ path }) => path).filter((path) => /[?&]version/.test(path))
  expect(asked).toEqual([expect.stringContaining('?versioning')])
})
