/** Keys that are gone when their turn comes, or were deleted, and are there again by the next plan. */
import { Redis } from 'ioredis'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { redisDatabase } from '../../redis-database.ts'
import type { Pipeline } from './pipeline.ts'
import { pipelineAt, summaryOf } from './pipeline.ts'

const url = redisDatabase('redis-jobs, returned')
const redis = new Redis(url)
let pipeline: Pipeline
afterAll(() => redis.disconnect())

const OLD = { id: '1', created_at: '2025-01-01T00:00:00Z' }
const NEW = { id: '1', created_at: '2026-01-01T00:00:00Z' }

beforeEach(async () => {
  await redis.flushdb()
  pipeline = pipelineAt(url, await directoryWith({}))
  await redis.hset('job:1', OLD)
  await redis.zadd('jobs:pending', 1, '1')
  expect((await pipeline.run('plan')).code).toBe(0)
})

test('a queue that was empty for a moment is copied after a newer plan, and what others wrote meanwhile is not ours', async () => {
  await redis.del('job:1', 'jobs:pending')
  expect(summaryOf(await pipeline.run('copy'))).toMatchObject({ 'Skipped (gone since)': 2 })
  await redis.hset('job:1', NEW)
  await redis.hset('step:1', NEW)
  await redis.zadd('jobs:pending', 2, '2')
  await pipeline.run('plan')
  const copy = await pipeline.run('copy')
  expect(copy.code).toBe(0)
  expect(summaryOf(copy)).toMatchObject({
    'Total keys found': 2,
    'Successfully migrated': 1,
    'Skipped (already exist)': 1,
    'Skipped (gone since)': 0,
  })
  expect(await redis.zrange('steps:pending', 0, '-1')).toEqual(['2'])
  expect((await pipeline.run('undo')).code).toBe(0)
  expect((await redis.keys('step*')).toSorted()).toEqual(['step:1'])
}, 120_000)

test('a job that is written again after a delete is named, brought up to date, and deleted; its copy is not undone', async () => {
  await pipeline.run('copy')
  expect(await pipeline.run('delete')).toMatchObject({ code: 0, stdout: 'Originals: 2\n  2 deleted\n' })
  await redis.hset('job:1', NEW)
  await pipeline.run('plan')
  const verify = await pipeline.run('verify')
  expect(verify).toMatchObject({ code: 1, stdout: expect.stringContaining('step:1: content, source-changed') })
  expect(await pipeline.run('undo')).toMatchObject({ code: 0, stdout: 'Keys that this run has created: 0\n' })
  expect(await redis.hgetall('step:1')).toEqual(OLD)
  expect((await pipeline.run('copy --if-exists newest')).code).toBe(0)
  expect(await redis.hgetall('step:1')).toEqual(NEW)
  expect(await pipeline.run('delete')).toMatchObject({ code: 0, stdout: 'Originals: 1\n  1 deleted\n' })
  expect((await redis.keys('*')).toSorted()).toEqual(['step:1', 'steps:pending'])
}, 120_000)
