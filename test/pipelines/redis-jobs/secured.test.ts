/** Passwords, users of few permissions, and functions inside the server. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../run-tool.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { plantJobs } from './jobs.ts'
import { pipelineAt } from './pipeline.ts'

const PASSWORD = 'p@ss:w/rd?#%1'
let server: RedisServer
let admin: Redis
let directory: string

beforeAll(async () => {
  server = await startRedis(['--requirepass', PASSWORD])
  admin = new Redis(server.port, '127.0.0.1', { password: PASSWORD })
  directory = await mkdtemp(join(tmpdir(), 'rekey-jobs-'))
  await plantJobs(admin, 50)
  await admin.call('FUNCTION', ['LOAD', LIBRARY])
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

const LIBRARY = `#!lua name=matching
  -- secret: hunter2
  redis.register_function('findMatchingJob', function()
    local id = redis.call('ZREVRANGE', 'jobs:pending', 0, 0)[1]
    return redis.call('HGETALL', 'job:' .. id) or redis.call('HGETALL', 'jobs:active:' .. 'token-x1')
  end)
  redis.register_function('other', function() return 1 end)`

test('the password stands in no argument, output or file; functions that hold old keys are named', async () => {
  const location = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`
  const work = await mkdtemp(join(directory, 'work-'))
  const secured = pipelineAt(location, work)
  const seen: string[] = []
  const watching = setInterval(() => void commandLines().then((lines) => seen.push(...lines)), 10)
  const run = await secured.run('all')
  clearInterval(watching)
  expect(run.code).toBe(0)
  expect(run.stdout).toContain(
    'Server-side library "matching" (findMatchingJob, other) hard-codes job: jobs:active: jobs:pending: change it',
  )
  const files = await Promise.all((await readdir(work)).map((name) => readFile(join(work, name), 'utf8')))
  expect(seen.some((line) => line.includes('copy-apply'))).toBe(true)
  for (const text of [run.stdout, run.stderr, ...files, ...seen]) {
    expect(text).not.toContain(PASSWORD)
    expect(text).not.toContain(encodeURIComponent(PASSWORD))
    expect(text).not.toMatch(/hunter2|token-x1/)
  }
  expect((await secured.run('undo')).code).toBe(0)
})

test('a wrong password', async () => {
  const wrong = pipelineAt(`redis://:hunter3@127.0.0.1:${server.port}`, await mkdtemp(join(directory, 'work-')))
  const run = await wrong.run('all')
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('refuses the user name or password') })
  expect(run.stderr + run.stdout).not.toContain('hunter3')
})

test.each([
  'user:hunter3@127.0.0.1:6379',
  'redis:hunter3@127.0.0.1:6379',
  'redis://user:hunter3',
  'redis://127.0.0.1:6379/0?password=hunter3',
  'redis://127.0.0.1:6379#hunter3',
])('%s is refused, and is neither shown nor kept', async (url) => {
  const work = join(directory, `mistyped-${randomUUID()}`)
  const run = await pipelineAt(url, work).run('plan')
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('REDIS_URL is not one of Redis') })
  expect(run.stderr + run.stdout).not.toContain('hunter3')
  expect(existsSync(work)).toBe(false)
})

test('the permissions that the README names are enough for each step', async () => {
  const readme = await readFile(join(ROOT, 'pipelines/redis-jobs/README.md'), 'utf8')
  const rules = [...readme.matchAll(/^ {4}ACL SETUSER (\S+) (.+)$/gm)].map(([, name = '', rest = '']) => [name, rest])
  expect(rules.map(([name]) => name)).toEqual(['copier', 'remover'])
  for (const [name = '', rest = ''] of rules) await admin.call('ACL', ['SETUSER', name, 'reset', ...rest.split(/ +/)])
  const work = await mkdtemp(join(directory, 'work-'))
  const as = (user: string) => ({ REDIS_URL: `redis://${user}:secret@127.0.0.1:${server.port}` })
  const limited = pipelineAt(server.location, work)
  await admin.hset('step:job-1', { created_at: '2020-01-01T00:00:00Z' })
  await admin.sadd('jobs:set', 'a')
  await admin.sadd('steps:set', 'b')
  await admin.sadd('jobs:large', ...Array(10_000).keys())
  const copy = await limited.run('all --if-exists newest --if-exists merge', as('copier'))
  expect(copy).toMatchObject({ code: 0, stdout: expect.stringContaining('Server-side library "matching"') })
  expect((await limited.run('undo', as('remover'))).code).toBe(0)
  expect((await admin.keys('step*')).toSorted()).toEqual(['step:job-1', 'steps:set', 'stepson:x'])
})

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
}
