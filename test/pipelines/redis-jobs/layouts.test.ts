/** The layout of sets that the system's own manual describes, its variables, and what may go wrong around a run. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { redisDatabase } from '../../redis-database.ts'
import { runCommand } from '../../run-tool.ts'
import { contentsOf, unlikeKeys } from './contents.ts'
import { fieldsOf, submittedFields } from './jobs.ts'
import type { Pipeline } from './pipeline.ts'
import { pipelineAt, summaryOf } from './pipeline.ts'

const ALL = /^/
const url = redisDatabase('redis-jobs')
const redis = new Redis(url)
const directories: string[] = []
let pipeline: Pipeline

beforeEach(async () => {
  await redis.flushdb()
  pipeline = pipelineAt(url, await newDirectory())
})
afterAll(async () => {
  redis.disconnect()
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

async function newDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rekey-jobs-'))
  directories.push(directory)
  return directory
}

/** 42 jobs, a queue of 5, and sets of 3, 100 and 10 ids. */
async function plantSets(): Promise<void> {
  for (let n = 0; n < 42; n++) await redis.hset(`job:${n}`, fieldsOf(n))
  for (let n = 0; n < 5; n++) await redis.zadd('jobs:pending', n, n)
  const ids = (count: number) => Array.from({ length: count }, (_, n) => n)
  await redis.sadd('jobs:active', ids(3))
  await redis.sadd('jobs:completed', ids(100))
  await redis.sadd('jobs:failed', ids(10))
}

describe('sets', () => {
  beforeEach(plantSets)

  test('a dry run says what would be done and writes nothing', async () => {
    const before = await contentsOf(redis, ALL)
    const run = await pipeline.run('all', { DRY_RUN: 'true' })
    expect(run.code).toBe(0)
    expect(summaryOf(run)).toMatchObject({ 'Total keys found': 46, 'Successfully migrated': 46, Errors: 0 })
    for (const command of ['copy', 'copy --if-exists newest --if-exists merge'])
      expect(await pipeline.run(command, { DRY_RUN: 'true' })).toMatchObject({ code: 0 })
    expect(unlikeKeys(await contentsOf(redis, ALL), before)).toEqual([])

    await pipeline.run('copy')
    const copied = await contentsOf(redis, ALL)
    for (const command of ['undo', 'delete', 'copy'])
      expect(await pipeline.run(command, { DRY_RUN: 'true' })).toMatchObject({ code: 0 })
    expect(unlikeKeys(await contentsOf(redis, ALL), copied)).toEqual([])
  })

  test.each([
    ['10', 'true'],
    ['auto', 'false'],
  ])('copied with BATCH_SIZE=%s and VALIDATE_COPIES=%s', async (BATCH_SIZE, VALIDATE_COPIES) => {
    const run = await pipeline.run('all', { BATCH_SIZE, VALIDATE_COPIES })
    expect(run.code).toBe(0)
    expect(run.stderr.includes('verify: 46 records')).toBe(VALIDATE_COPIES === 'true')
    expect(run.stderr).not.toContain('the journal of another')
    expect(await redis.smembers('steps:completed')).toHaveLength(100)
    expect((await pipeline.run('verify')).code).toBe(0)
    const again = await pipeline.run('copy')
    expect(again.code).toBe(0)
    expect(again.stderr).toContain('46 settled before')
  })

  test('sets that exist in part are reported, and united when that is asked for', async () => {
    await redis.sadd('steps:active', 'new')
    await pipeline.run('plan')
    const copy = await pipeline.run('copy')
    expect(copy.code).toBe(1)
    expect(copy.stdout).toContain('1 key was there before and differs from its original')
    expect(await redis.smembers('steps:active')).toEqual(['new'])
    const merge = await pipeline.run('copy --if-exists merge')
    expect(merge.code).toBe(0)
    expect((await redis.smembers('steps:active')).toSorted()).toEqual(['0', '1', '2', 'new'])
    // Nobody can tell the two apart again, so the original stays and so does the union.
    expect((await pipeline.run('delete')).stdout).toContain('1 failed: E_UNPROVEN')
    expect(await redis.exists('jobs:active')).toBe(1)
  })

  test.each([1, 30, 46])(
    'a delete that is killed before it tells of its last deletions is accounted for',
    async (die) => {
      await pipeline.run('plan')
      await pipeline.run('copy')
      expect((await pipeline.run('delete', { REKEY_FAULTS: `die=${die}` })).code).toBe(137)
      expect(await redis.keys('job*')).toHaveLength(46 - die)
      // What looks on deletes nothing, and finds no fault with what is gone.
      const verify = await pipeline.run('verify')
      expect(verify.stdout).toBe('')
      expect(verify.code).toBe(0)
      expect(await redis.keys('job*')).toHaveLength(46 - die)

      const again = await pipeline.run('delete')
      expect(again.stdout).toBe(die === 46 ? 'Originals: 0\n' : `Originals: ${46 - die}\n  ${46 - die} deleted\n`)
      expect(again.code).toBe(0)
      const told = (await pipeline.records('deleted.ndjson')).map(({ key }) => key)
      expect(told).toHaveLength(46)
      expect(new Set(told).size).toBe(46)
      // Undo takes back no copy that is the only one by now.
      await pipeline.run('undo')
      expect(await redis.keys('step*')).toHaveLength(46)
    },
  )

  test('a step that is newer than its job stays as it is and is reported', async () => {
    await redis.hset('step:1', { ...fieldsOf(1), updated_at: '2030-01-01T00:00:00Z' })
    await redis.hset('step:2', submittedFields(2))
    await pipeline.run('plan')
    expect((await pipeline.run('copy --if-exists newest')).code).toBe(1)
    expect(await redis.hget('step:1', 'updated_at')).toBe('2030-01-01T00:00:00Z')
    expect(await redis.hget('step:2', 'status')).toBe('cancelled')
    expect((await pipeline.records('stale.ndjson')).map(({ to }) => to)).toEqual(['step:1'])
  })

  test('a copy that its job has overtaken is brought up to date, and undo still takes it back', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy')
    await redis.hset('job:7', { status: 'failed', failed_at: '2030-01-01T00:00:00Z' })
    expect((await pipeline.run('copy')).stdout).toContain('  step:7: content, source-changed\n')
    expect((await pipeline.run('copy --if-exists newest')).code).toBe(0)
    expect(await redis.hget('step:7', 'status')).toBe('failed')
    expect((await pipeline.run('undo')).code).toBe(0)
    expect(await redis.keys('step*')).toEqual([])
  })

  test('at a standstill, undo and a new copy leave nothing behind that was popped or has changed since', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy')
    await redis.zrem('jobs:pending', '0', '1')
    await redis.hset('job:7', { status: 'failed', failed_at: '2030-01-01T00:00:00Z' })
    for (const command of ['undo', 'plan', 'copy --if-exists newest'])
      expect(await pipeline.run(command)).toMatchObject({ code: 0 })
    expect(await redis.zrange('steps:pending', '0', '-1')).toEqual(['2', '3', '4'])
    expect(await redis.hget('step:7', 'status')).toBe('failed')
  })

  test('a newer plan adds what is new', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy')
    await redis.hset('job:late', fieldsOf(1))
    await pipeline.run('plan')
    const copy = await pipeline.run('copy')
    expect(copy.code).toBe(0)
    expect(summaryOf(copy)).toMatchObject({ 'Total keys found': 47, 'Successfully migrated': 47 })
    expect(copy.stderr).toContain('1 done')
  })

  test('what expires between the steps is no error', async () => {
    await redis.hset('job:soon', fieldsOf(1))
    await redis.hset('job:later', fieldsOf(1))
    // Long enough for plan and copy on a machine that is busy with other things.
    await redis.pexpireat('job:later', Date.now() + 15_000)
    await pipeline.run('plan')
    await redis.pexpire('job:soon', 1)
    while ((await redis.exists('job:soon')) === 1) await new Promise((resolve) => setTimeout(resolve, 5))
    const copy = await pipeline.run('copy')
    expect(copy.code).toBe(0)
    expect(summaryOf(copy)).toMatchObject({ 'Successfully migrated': 47, 'Skipped (gone since)': 1, Errors: 0 })
    while ((await redis.exists('job:later', 'step:later')) > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await pipeline.run('verify')).code).toBe(0)
    expect((await pipeline.run('undo')).code).toBe(0)
    expect(await redis.keys('step*')).toEqual([])
  })

  test('undo takes back what a killed run has created and could not tell', async () => {
    await redis.copy('job:3', 'step:3')
    await pipeline.run('plan')
    expect((await pipeline.run('copy', { REKEY_FAULTS: 'die=20' })).code).toBe(137)
    expect(await pipeline.records('run.ndjson')).toEqual([])
    expect(await redis.keys('step:*')).toHaveLength(21)
    expect((await pipeline.run('undo')).code).toBe(0)
    expect(await redis.keys('step*')).toEqual(['step:3'])
  })

  test('undo is gone on with when it was killed', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy')
    expect((await pipeline.run('undo', { REKEY_FAULTS: 'die=20' })).code).toBe(137)
    expect((await pipeline.run('undo')).code).toBe(0)
    expect(await redis.keys('step*')).toEqual([])
    expect((await pipeline.run('undo')).stderr).toContain('there is nothing to undo')
    const again = await pipeline.run('copy')
    expect(summaryOf(again)).toMatchObject({ 'Total keys found': 46, 'Successfully migrated': 46 })
  })

  test('an undo that was refused is done again, also for a copy that its job has overtaken', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy')
    await redis.hset('job:5', 'status', 'x')
    expect((await pipeline.run('undo', { REKEY_FAULTS: 'refuse=1' })).stdout).toContain('46 failed: E_DENIED')
    expect((await pipeline.run('undo')).stdout).toContain('46 deleted')
    expect(await redis.keys('step*')).toEqual([])
  })

  test('delete is gone on with when what has failed is put right', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy')
    await redis.hset('step:5', 'status', 'x')
    expect((await pipeline.run('delete')).code).toBe(1)
    expect(await redis.keys('job*')).toEqual(['job:5'])
    await redis.hset('step:5', 'status', String(fieldsOf(5).status))
    expect((await pipeline.run('delete')).code).toBe(0)
    expect(await redis.keys('job*')).toEqual([])
    expect((await pipeline.run('verify')).code).toBe(0)
    expect((await pipeline.run('undo')).code).toBe(0)
    expect(await redis.keys('step*')).toHaveLength(46)
  })

  test('failed records are taken up again by --retry', async () => {
    await pipeline.run('plan')
    const copy = await pipeline.run('copy', { REKEY_FAULTS: 'refuse=0.5,seed=3', VALIDATE_COPIES: 'false' })
    expect(copy.code).toBe(1)
    expect(copy.stdout).toMatch(/Errors: +[1-9]\d* \(\d+ E_DENIED\)/)
    expect((await pipeline.run('copy', { VALIDATE_COPIES: 'false' })).code).toBe(1)
    const retried = await pipeline.run('copy --retry')
    expect(retried.code).toBe(0)
    expect(summaryOf(retried)).toMatchObject({ 'Total keys found': 46, 'Successfully migrated': 46, Errors: 0 })
  })

  test('what others have written where a copy had failed is not taken for a copy of this run', async () => {
    await pipeline.run('plan')
    await pipeline.run('copy', { REKEY_FAULTS: 'refuse=0.5,seed=3', VALIDATE_COPIES: 'false' })
    const begun = (await pipeline.records('begun.ndjson')).map(({ to }) => to)
    const failed = (await pipeline.records('run.ndjson')).filter(({ outcome }) => outcome === 'failed')
    const theirs = failed.find(({ to }) => begun.includes(to)) as { key: string; to: string }
    await redis.copy(theirs.key, theirs.to)
    expect(summaryOf(await pipeline.run('copy --retry'))).toMatchObject({ 'Skipped (already exist)': 1, Errors: 0 })
    await pipeline.run('undo')
    expect(await redis.keys('step*')).toEqual([theirs.to])
  })
})

describe('what cannot be begun is refused', () => {
  test.each([
    ['copy', { DRY_RUN: 'yes' }, "DRY_RUN is true or false, not 'yes'"],
    ['copy', { BATCH_SIZE: '0' }, 'BATCH_SIZE is a number of keys or auto'],
    ['copy', {}, 'run plan first'],
    ['verify', {}, 'run copy first'],
    ['undo --retry', {}, "undo does not take '--retry '"],
    ['copy --if-exists overwrite', {}, "copy does not take '--if-exists overwrite'"],
    ['migrate', {}, "there is no command 'migrate'"],
  ])('%s %j', async (command, variables, says) => {
    expect(await pipeline.run(command, variables)).toMatchObject({ code: 2, stderr: expect.stringContaining(says) })
  })

  test('a directory that belongs to another database', async () => {
    expect((await pipeline.run('plan')).code).toBe(0)
    const elsewhere = await pipeline.run('plan', { REDIS_URL: redisDatabase('redis-jobs, another') })
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('set WORK to another directory') })
  })

  test('jq is missing', async () => {
    const PATH = await newDirectory()
    for (const tool of ['node', 'bash', 'dirname', 'env', 'cat']) {
      const { stdout } = await runCommand('bash', { args: ['-c', `command -v ${tool}`] })
      await symlink(stdout.trim(), join(PATH, tool))
    }
    const run = await pipeline.run('plan', { PATH })
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('sudo apt-get install jq') })
    expect((await pipeline.run('help', { PATH })).code).toBe(0)
  })
})

test('a plan that cannot be made leaves the earlier one, and says how it ended', async () => {
  await plantSets()
  await pipeline.run('plan')
  const plan = await pipeline.records('plan.jobs.ndjson')
  await redis.call('ACL', ['SETUSER', 'nobody', 'reset', 'on', '>pw', '~*', '+select', '+info', '+ping'])
  const run = await pipeline.run('plan', { REDIS_URL: url.replace('redis://', 'redis://nobody:pw@') })
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('run plan again')
  expect(await pipeline.records('plan.jobs.ndjson')).toEqual(plan)
  await redis.call('ACL', ['DELUSER', 'nobody'])
})

test('SIGTERM ends the run with its code and a word on how to go on', async () => {
  await plantSets()
  await pipeline.run('plan')
  const run = pipeline.start('copy', { REKEY_FAULTS: 'busy=1' })
  const ended = once(run, 'exit')
  const journal = join(pipeline.work, 'run.ndjson')
  while ((await readFile(journal).catch(() => undefined)) === undefined) await sleep(2)
  process.kill(-(run.pid as number), 'SIGTERM')
  expect(await ended).toEqual([143, null])
  expect((await pipeline.run('copy --retry')).code).toBe(0)
})
