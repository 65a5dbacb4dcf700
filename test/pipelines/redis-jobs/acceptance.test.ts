/**
 * A whole migration of 10,000 jobs of every shape, in the order in which an operator makes it: copied while an
 * application goes on writing and kill -9 comes ten times, verified, undone, made again with what differs taken up,
 * damaged in twenty ways, and its originals deleted. Each test goes on where the one before it ended.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { KeyRecord } from '../../../src/record/record.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import type { Contents } from './contents.ts'
import { contentsOf, unlikeKeys } from './contents.ts'
import { FAULTS } from './faults.ts'
import { EXPIRES_MS, idOf, JOBS, plantJobs, scoreOf, submittedFields } from './jobs.ts'
import type { Pipeline } from './pipeline.ts'
import { pipelineAt, summaryOf } from './pipeline.ts'
import { seeded } from './seeded.ts'
import { Writer } from './writer.ts'

const OLD = /^jobs?:/
const NEW = /^steps?:/
const NEIGHBOURS = /^(?!(?:job|step)s?:)/
/** Jobs whose step:{id} was there before: the first half as it was submitted, the second as the job is now. */
const DUAL_WRITTEN = { from: 1000, stale: 250, equal: 250 }
const PARTIAL = ['steps:completed', 'steps:pending']
const KILLS = 10
const SEED = Number(process.env.SEED ?? 20261123)

const random = seeded(SEED)
let server: RedisServer
let redis: Redis
let pipeline: Pipeline
let writer: Writer
let originals: Contents
let before: Contents
let neighbours: Contents

// About fifteen seconds at most on two cores; a machine that is busy with other things is given its time.
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  server = await startRedis(['--hz', '1'])
  redis = new Redis(server.location)
  await plantJobs(redis, JOBS)
  await plantSteps()
  pipeline = pipelineAt(server.location, await mkdtemp(join(tmpdir(), 'rekey-jobs-')))
  writer = new Writer(redis.duplicate(), () => `job:${idOf(notDualWritten())}`)
  originals = await contentsOf(redis, OLD)
  before = await contentsOf(redis, NEW)
  neighbours = await contentsOf(redis, NEIGHBOURS)
})

afterAll(async () => {
  await writer.close()
  redis.disconnect()
  await server.stop()
  await rm(pipeline.work, { recursive: true, force: true })
})

test('copied while the application writes and kill -9 comes ten times: what differs is what has changed', async () => {
  expect((await pipeline.run('plan')).code).toBe(0)
  writer.start()
  for (let kill = 0; kill < KILLS; kill++) {
    if (kill % 2 === 0) await dieAfterWrites(300 + Math.floor(random() * 600))
    else await killGroupAfter(20_000 + Math.floor(random() * 60_000))
    // One of those that are copied by now is certain to change.
    const done = (await pipeline.records('run.ndjson').catch(() => [])).filter(isCreated)
    await writer.change(pickOne(done.filter(isJob)).key as string)
  }
  const copy = await pipeline.run('copy')
  expect(copy.code).toBe(1)
  const journal = await pipeline.records('run.ndjson')
  expect(journal).toHaveLength(originals.size)
  // A job that a killed run was just writing and that has changed before the next: whose copy is there none can tell.
  const doubtful = journal.filter(({ outcome }) => outcome === 'unknown')
  for (const { key = '' } of doubtful) expect(writer.changes.has(key)).toBe(true)
  expect(summaryOf(copy)).toMatchObject({
    'Total keys found': originals.size,
    'Successfully migrated': originals.size - before.size - doubtful.length,
    'Skipped (already exist)': before.size,
    'Skipped (gone since)': 0,
    Errors: doubtful.length,
  })

  await writer.untilMore(20)
  await writer.stop()
  const verify = await pipeline.run('verify')
  expect(verify.code).toBe(1)
  const differing = await pipeline.records('differ.ndjson')
  expect(names(differing)).toEqual(await unlike())
  expect(names(await pipeline.records('stale.ndjson'))).toEqual([...staleSteps(), ...PARTIAL].toSorted())
  const changed = differing.filter(isCreated)
  expect(changed.length).toBeGreaterThan(0)
  for (const record of changed) {
    expect(record.differs).toEqual(['content', 'source-changed'])
    expect(writer.changes.has(record.key as string)).toBe(true)
  }
  await expectUntouched()
})

test('undo removes what the run has created and nothing else', async () => {
  const unproven = (await pipeline.records('differ.ndjson')).filter(isCreated)
  const earlier = names(await pipeline.records('earlier.ndjson'))
  const stays = names(unproven).filter((name) => !earlier.includes(name))
  expect(earlier.length).toBeGreaterThan(0)
  expect(stays.length).toBeGreaterThan(0)
  const dry = await pipeline.run('undo', { DRY_RUN: 'true' })
  expect(dry.code).toBe(1)
  const undo = await pipeline.run('undo')
  expect(undo.code).toBe(1)
  const created = originals.size - before.size
  expect(undo.stdout).toBe(
    `Keys that this run has created: ${created}\n  ${created - stays.length} deleted\n  ${stays.length} skipped: not-verified\n`,
  )
  const left = await contentsOf(redis, NEW)
  expect(unlikeKeys(left, before)).toEqual(stays)
  expect(names(await pipeline.records('run.ndjson'))).toEqual(stays)
  await expectUntouched()
})

test('made again, with what differs taken up: the same type, bytes, expiry and scores; collections united', async () => {
  expect((await pipeline.run('plan')).code).toBe(0)
  const copy = await pipeline.run('copy --if-exists newest --if-exists merge')
  expect(copy.stderr).not.toMatch(/failed|unknown/)
  expect(copy.code).toBe(0)
  expect(summaryOf(copy)).toMatchObject({
    'Total keys found': originals.size,
    'Successfully migrated': originals.size - DUAL_WRITTEN.equal,
    'Skipped (already exist)': DUAL_WRITTEN.equal,
    Errors: 0,
  })
  expect(copy.stdout).toContain(`(${DUAL_WRITTEN.stale} replaced, 2 merged)`)
  expect(await unlike()).toEqual(PARTIAL)
  const scores = new Map((await redis.call('ZRANGE', 'steps:pending', '0', '-1', 'WITHSCORES')) as [string, string][])
  const united = new Map(Array.from({ length: JOBS / 2 }, (_, n): [string, string] => [idOf(2 * n), scoreOf(2 * n)]))
  expect(scores).toEqual(united.set('dual-written only', '7').set(idOf(0), '8'))
  expect(await redis.hlen('steps:completed')).toBe(JOBS / 4 + 1)
  await expectUntouched()
})

test('keys are counted by kind', async () => {
  const { stdout } = await pipeline.run('counts')
  const progress = Math.ceil(JOBS / 3)
  const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/))
  expect(rows).toEqual([
    ['job', 'step', 'kind'],
    [String(JOBS), String(JOBS), '…:{id} (hash)'],
    ['1', '1', '…:{id} (list)'],
    ['2', '2', '…:{id} (stream)'],
    ['1', '1', '…:{id} (string)'],
    [String(progress), String(progress), '…:{id}:progress (hash)'],
    ['3', '3', '…s:active:{worker} (hash)'],
    ['1', '1', '…s:completed (hash)'],
    ['1', '1', '…s:delayed (zset)'],
    ['1', '1', '…s:failed (hash)'],
    ['1', '1', '…s:pending (zset)'],
    [String(originals.size), String(originals.size), 'total'],
    [''],
  ])
})

test('twenty faults are found, and nothing else', async () => {
  expect((await pipeline.run('undo')).code).toBe(0)
  await redis.del(...PARTIAL)
  expect((await pipeline.run('plan')).code).toBe(0)
  expect((await pipeline.run('copy')).code).toBe(0)
  expect(await unlike()).toEqual([])
  expect(FAULTS).toHaveLength(20)
  for (const { damage } of FAULTS) await damage(redis)
  const verify = await pipeline.run('verify')
  expect(verify.code).toBe(1)
  const found = (await pipeline.records('differ.ndjson')).map(({ to, differs }) => [to, differs])
  expect(found.toSorted()).toEqual(FAULTS.map(({ key, differs }) => [key, differs]).toSorted())
})

test('delete removes the originals whose copies are proven, and no others', async () => {
  const dry = await pipeline.run('delete', { DRY_RUN: 'true' })
  expect(dry.stdout).toContain(`  ${originals.size - 20} planned: dry-run\n`)
  await expectUntouched()
  const copies = await contentsOf(redis, NEW)
  const run = await pipeline.run('delete')
  expect(run.code).toBe(1)
  expect(run.stdout).toBe(
    `Originals: ${originals.size}\n  ${originals.size - 20} deleted\n  20 skipped: not-verified\n`,
  )
  const left = await contentsOf(redis, OLD)
  expect([...left.keys()].toSorted()).toEqual(FAULTS.map(({ key }) => key.replace('step', 'job')).toSorted())
  expect(unlikeKeys(await contentsOf(redis, NEW), copies)).toEqual([])

  // Undo takes back no copy that is the only one by now, and of the others those that hold what they were proven to hold.
  expect((await pipeline.run('undo')).code).toBe(1)
  const undone = FAULTS.filter(({ differs }) => differs[0] === 'expiry').map(({ key }) => key)
  expect(unlikeKeys(await contentsOf(redis, NEW), copies)).toEqual(undone.toSorted())
  expect(unlikeKeys(await contentsOf(redis, NEIGHBOURS), neighbours)).toEqual([])
})

async function plantSteps(): Promise<void> {
  const { from, stale, equal } = DUAL_WRITTEN
  const steps = redis.pipeline()
  for (let n = from; n < from + stale; n++) steps.hset(`step:${idOf(n)}`, submittedFields(n))
  for (let n = from + stale; n < from + stale + equal; n++) steps.copy(`job:${idOf(n)}`, `step:${idOf(n)}`)
  steps.zadd('steps:pending', '7', 'dual-written only', '8', idOf(0))
  steps.hset('steps:completed', 'dual-written only', '{}').pexpireat('steps:completed', EXPIRES_MS)
  await steps.exec()
}

function notDualWritten(): number {
  const n = Math.floor(random() * (JOBS - DUAL_WRITTEN.stale - DUAL_WRITTEN.equal))
  return n < DUAL_WRITTEN.from ? n : n + DUAL_WRITTEN.stale + DUAL_WRITTEN.equal
}

function staleSteps(): string[] {
  return Array.from({ length: DUAL_WRITTEN.stale }, (_, n) => latin1(`step:${idOf(DUAL_WRITTEN.from + n)}`))
}

/** copy-apply dies behind a write and before its answer. */
async function dieAfterWrites(writes: number): Promise<void> {
  const run = await pipeline.run('copy', { REKEY_FAULTS: `die=${writes}`, BATCH_SIZE: '64' })
  expect(run).toMatchObject({ code: 128 + 9, stderr: expect.stringContaining('run copy again and it goes on') })
}

/** The script and its tools are killed at once, when so many bytes of intents have been noted. */
async function killGroupAfter(bytes: number): Promise<void> {
  const intents = join(pipeline.work, 'begun.ndjson')
  const from = (await stat(intents)).size
  const run = pipeline.start('copy', { BATCH_SIZE: '64' })
  const ended = once(run, 'exit')
  while ((await stat(intents)).size < from + bytes && run.exitCode === null) await sleep(2)
  killGroup(run)
  expect(await ended).toEqual([null, 'SIGKILL'])
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) throw new Error('it never ran')
  process.kill(-pid, 'SIGKILL')
}

/** The copies that are not like their originals now, by what a plain client reads. */
async function unlike(): Promise<string[]> {
  const copies = await contentsOf(redis, NEW)
  const renamed = [...(await contentsOf(redis, OLD))].map(
    ([key, content]) => [key.replace('job', 'step'), content] as const,
  )
  return renamed.flatMap(([key, content]) => (copies.get(key) === content ? [] : [key])).toSorted()
}

/** The originals hold what they held, and what the application has written since. */
async function expectUntouched(): Promise<void> {
  const expected = new Map(originals)
  for (const [key, fields] of writer.changes) {
    const name = latin1(key)
    const [type, expiry, pairs, rest] = JSON.parse(originals.get(name) as string)
    const changed = Object.entries({ ...Object.fromEntries(pairs), ...fields }).toSorted(([a], [b]) => (a < b ? -1 : 1))
    expected.set(name, JSON.stringify([type, expiry, changed, rest]))
  }
  expect(unlikeKeys(await contentsOf(redis, OLD), expected)).toEqual([])
  expect(unlikeKeys(await contentsOf(redis, NEIGHBOURS), neighbours)).toEqual([])
}

function isCreated({ outcome, reason }: KeyRecord): boolean {
  return (outcome === 'done' && reason === undefined) || outcome === 'unknown'
}

/** A job's own hash, and not one that is as it was before. */
function isJob({ key = '', type }: KeyRecord): boolean {
  return key.startsWith('job:') && !key.endsWith(':progress') && type === 'hash'
}

function pickOne<T>(some: readonly T[]): T {
  return some[Math.floor(random() * some.length)] as T
}

function names(records: readonly KeyRecord[]): string[] {
  return records.map(({ to = '' }) => latin1(to)).toSorted()
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
