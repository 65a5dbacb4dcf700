/** watch-progress at the command line, on directories, Redis, S3 and a table. */
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteTableCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Context } from '../../src/stage/stage.ts'
import { STORE_DEFAULTS } from '../../src/store/contract.ts'
import { Stores } from '../../src/store/stores.ts'
import { watchStage } from '../../src/verify/progress/stage.ts'
import { directoryWith, filesIn } from '../directory.ts'
import { redisDatabase } from '../redis-database.ts'
import type { ToolRun } from '../run-tool.ts'
import { runShell, runTool, startTool, toEnd } from '../run-tool.ts'
import { dynamoDbClient, dynamoDbEnvironment, dynamoDbServer, freshTable } from '../servers/dynamodb.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

const HOUR = 3_600_000

function row(fields: object): string {
  const now = new Date().toISOString()
  return JSON.stringify({
    customer: 'c',
    space: 's',
    status: 'completed',
    totalUploads: 10,
    completedUploads: 10,
    createdAt: now,
    updatedAt: now,
    ...fields,
  })
}

const old = new Date(Date.now() - 2 * HOUR).toISOString()

function watch(directory: string, ...args: string[]) {
  return runTool('watch-progress', { args: [directory, ...args], records: false })
}

describe('the exit code', () => {
  test.each([
    ['all is completed', [row({})], 0],
    ['it goes on', [row({ status: 'in-progress', completedUploads: 3 })], 0],
    ['something failed', [row({}), row({ status: 'failed', completedUploads: 3 })], 1],
    [
      'something fails while the rest goes on',
      [row({ status: 'in-progress', completedUploads: 3, failedUploads: 1 })],
      1,
    ],
    ['something is stuck', [row({ status: 'in-progress', completedUploads: 3, updatedAt: old })], 1],
    [
      'a host is silent that has not begun',
      [row({ status: 'pending', completedUploads: 0, instanceId: 'pi-1', updatedAt: old })],
      1,
    ],
    [
      'it is stalled',
      [
        row({
          status: 'pending',
          completedUploads: 0,
          instanceId: 'pi-1',
          updatedAt: old,
          seenAt: new Date().toISOString(),
        }),
      ],
      1,
    ],
  ])('when %s', async (_, rows, code) => {
    const directory = await directoryWith(Object.fromEntries(rows.map((text, nth) => [`${nth}.json`, text])))
    expect((await watch(directory)).code).toBe(code)
  })

  test('says that there is nothing to see, which is not that all is well', async () => {
    const run = await watch(await directoryWith({ 'other.json': '{"status":"failed"}' }))
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('no rows of progress')
  })

  test('and a store that is not there', async () => {
    expect(await watch('redis://127.0.0.1:1/0')).toMatchObject({ code: 3, stdout: '' })
  })
})

test('--failed and --stuck list just these; a time says what is stuck', async () => {
  const directory = await directoryWith({
    a: row({ space: 'a', status: 'failed', error: '{"E_BUSY":4}', totalUploads: 10, completedUploads: 6 }),
    b: row({ space: 'b', status: 'in-progress', completedUploads: 3, updatedAt: old }),
    c: row({ space: 'c' }),
  })
  const failed = await watch(directory, '--failed')
  expect(failed.stdout).toMatch(/^failed:\n {2}failed +6 of 10 \(60\.0 %\) {2}c a: E_BUSY 4, \d+ s ago\n$/)
  expect((await watch(directory, '--stuck')).stdout).toMatch(
    /^stuck:\n {2}in-progress +3 of 10 \(30\.0 %\) {2}c b: not updated since 2 h 0 min\n$/,
  )
  expect((await watch(directory, '--stuck', '3h')).stdout).toBe('stuck: none\n')
  expect((await watch('--stuck', directory, '--failed')).stdout).toMatch(/^failed:\n.*\nstuck:\n/)
  for (const [flag, word] of [
    ['--stuck', '2x'],
    ['--watch', 'x'],
    ['--watch', 'rows'],
  ] as const)
    expect(await watch(directory, flag, word)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`E_USAGE: ${flag} takes a time as in 30, 90s, 15m, 1h; "${word}" is none`),
    })
  expect(await watch(directory, '--stuck=soon')).toMatchObject({ code: 2, stderr: expect.stringContaining('--stuck') })
})

test('--json has all rows, for programs', async () => {
  const directory = await directoryWith({ a: row({ status: 'failed', completedUploads: 6, error: '{"E_BUSY":4}' }) })
  const run = await watch(directory, '--json')
  expect(run.stderr).toBe('')
  expect(JSON.parse(run.stdout)).toMatchObject({
    alarm: true,
    total: 10,
    completed: 6,
    pending: 4,
    isStalled: false,
    groups: { failed: 1, completed: 0 },
    rows: [{ customer: 'c', space: 's', status: 'failed', errors: { E_BUSY: 4 } }],
    failedRows: [{ space: 's' }],
    stuckRows: [],
  })
})

describe('--watch', () => {
  test('prints a line each where stdout is no terminal, until it is stopped', async () => {
    const directory = await directoryWith({ a: row({ status: 'in-progress', completedUploads: 3 }) })
    const tool = startTool('watch-progress', { args: ['--watch', '10ms', directory] })
    const ended = toEnd(tool)
    let said = ''
    const twice = new Promise<void>((resolve) => {
      tool.stdout?.on('data', (chunk) => {
        said += chunk
        if (said.split('\n').length > 2) resolve()
      })
    })
    await twice
    tool.kill('SIGTERM')
    const run = await ended
    expect(run.code).toBe(143)
    for (const line of run.stdout.trimEnd().split('\n')) {
      expect(line).toMatch(/^2\d{3}-\d\d-\d\dT[\d:.]+Z 3 of 10 \(30\.0 %\), 7 to do, /)
    }
  })

  test('ends quietly when its reader does', async () => {
    const directory = await directoryWith({ a: row({}) })
    const run = await runShell(`set -o pipefail; watch-progress --watch 10ms ${directory} | head -n 2 | wc -l; echo $?`)
    expect(run.stdout).toBe('2\n0\n')
  })

  test.each([
    ['', {}, '240 of 1,000 (24.0 %)'],
    [', beside a group of that name in another location', { a: row({}) }, '250 of 1,010 (24.7 %)'],
  ])('sees the rate of rows that tell none, and draws in place on a terminal%s', async (_, others, progress) => {
    const directory = await directoryWith({})
    let now = 1_800_000_000_000
    let done = 0
    const stop = new AbortController()
    const context = contextAt(() => now, stop.signal)
    const write = async () => {
      const fields = {
        status: 'in-progress',
        totalUploads: 1000,
        completedUploads: done,
        updatedAt: new Date(now).toISOString(),
      }
      await writeFile(join(directory, 'a'), row(fields))
    }
    await write()
    const options = {
      locations: [await directoryWith(others), directory],
      everyMs: 60_000,
      stuckMs: HOUR,
      lists: { failed: false, stuck: false },
      json: false,
      html: undefined,
      createsTable: false,
    }
    const looks: string[] = []
    const stage = watchStage(options, async (ms) => {
      now += ms
      done += 120
      await write()
      if (looks.length === 3) stop.abort()
    })
    for await (const [line] of stage(none(), context)) looks.push(line?.text ?? '')
    expect(looks).toHaveLength(3)
    expect(looks[0]).toMatch(/^.\[H.\[J.*rate unknown/)
    expect(looks[2]).toContain(`${progress}, 760 to do, 2.0/s, ends in 6 min 20 s`)
    for (const text of looks[2]?.split('\n') ?? []) expect(text.length).toBeLessThanOrEqual(80 + 20)
    await context.close()
  })
})

test('a location that is named twice is counted once, however it is spelled', async () => {
  const directory = await directoryWith({ 'rows/a': row({}), 'status/pi.json': '{"hostname":"pi"}' })
  const run = await watch(
    `${directory}/rows`,
    `${directory}/./rows/`,
    `${directory}/rows`,
    `${directory}/status`,
    '--json',
  )
  expect(JSON.parse(run.stdout)).toMatchObject({ total: 10, completed: 10, groups: { completed: 1 } })
})

test('a row whose status is not known is not counted, and that is told once for each such status', async () => {
  const rows = { a: row({}), b: row({ status: 'FAILED' }), c: row({ status: 'FAILED' }), d: '{"status":"x"}' }
  const run = await watch(await directoryWith(rows))
  expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('1 group: 1 completed') })
  const told = run.stderr.split('\n').filter((line) => line.includes('passed over'))
  expect(told).toEqual([expect.stringContaining('key "b" has the status "FAILED", which is none of pending, ')])
})

test('--watch waits for the first rows, and does not take rows that are gone for an end', async () => {
  const directory = await directoryWith({})
  const stop = new AbortController()
  const context = contextAt(Date.now, stop.signal)
  const options = {
    locations: [directory],
    everyMs: 60_000,
    stuckMs: HOUR,
    lists: { failed: false, stuck: false },
    json: true,
    html: undefined,
    createsTable: false,
  }
  const between = [
    () => writeFile(join(directory, 'a'), row({})),
    () => rm(join(directory, 'a')),
    async () => stop.abort(),
  ]
  const stage = watchStage(options, async () => between.shift()?.())
  const totals: unknown[] = []
  const looking = (async () => {
    for await (const [line] of stage(none(), context)) totals.push(JSON.parse(line?.text ?? '').total)
  })()
  await expect(looking).rejects.toMatchObject({ code: 'E_LOCATION', message: expect.stringContaining('no rows') })
  expect(totals).toEqual([undefined, 10])
  await context.close()
})

test('--html writes a page whole, and again', async () => {
  const directory = await directoryWith({ 'rows/a': row({ space: '<b>s</b>' }) })
  const page = join(directory, 'page.html')
  expect((await watch(join(directory, 'rows'), '--html', page)).code).toBe(0)
  const first = await stat(page)
  expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>[\s\S]*&lt;b&gt;s&lt;\/b&gt;[\s\S]*<\/html>\n$/)
  await watch(join(directory, 'rows'), '--html', page)
  expect((await stat(page)).ino).not.toBe(first.ino)
  expect(Object.keys(await filesIn(directory)).sort()).toEqual(['page.html', 'rows/a'])
  expect(await watch(join(directory, 'rows'), '--html', join(directory, 'rows/a/page.html'))).toMatchObject({ code: 2 })
})

test('Redis has keys of other people, which are left alone', async () => {
  const location = redisDatabase('watch-progress')
  const redis = new Redis(location)
  await redis.flushdb()
  await redis.set('job:1', row({ status: 'failed' }))
  await redis.hset('migration-progress:hash', { status: 'failed' })
  const stdin = '{"key":"k","customer":"c","space":"s","outcome":"done"}\n'
  await runTool('track-progress', { args: ['--by', 'customer,space', '--complete-at-end', location], stdin })
  const run = await watch(location, '--json')
  expect(JSON.parse(run.stdout)).toMatchObject({
    rows: [{ customer: 'c', space: 's', status: 'completed' }],
    alarm: false,
  })
  redis.disconnect()
})

test('heartbeats of S3 live by the time of the object', async () => {
  const server = await s3Server()
  const bucket = await freshBucket(server)
  const env = s3Environment(server)
  const directory = await directoryWith({
    'status/pi-1.json': '{"timestamp":"2020-01-01T00:00:00","hostname":"pi-1","system":{"cpu_percent":7}}',
  })
  await runShell(`list-keys ${directory} | rewrite-keys --to-store ${bucket.location} | copy-apply`, { env })
  const args = [`${bucket.location}/status/`, '--json']
  const run = await runTool('watch-progress', { args, env, records: false })
  expect(JSON.parse(run.stdout).hosts).toMatchObject([{ name: 'pi-1', state: 'live', cpu: 7 }])
})

describe('DynamoDB', async () => {
  const server = await dynamoDbServer()
  const env = dynamoDbEnvironment(server)
  const client = dynamoDbClient(server)
  const TableName = `progress-${crypto.randomUUID()}`
  const location = `dynamodb://${TableName}`
  afterAll(async () => {
    await client.send(new DeleteTableCommand({ TableName })).catch(() => {})
    client.destroy()
  })
  const tool = (name: string, args: readonly string[], stdin = '') =>
    runTool(name, { args, env, stdin, records: name === 'track-progress' })

  const create = () => tool('watch-progress', [location, '--table', 'create'])
  let made: ToolRun | undefined
  beforeAll(async () => {
    made = await create()
  })

  test('--table create makes the table, once', async () => {
    const says = 'is made: keys customer, space; index status-index'
    expect(made).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(says) })
    expect(await create()).toMatchObject({ code: 0, stderr: expect.stringContaining('was there') })
  })

  test('rows are found by the index, and what others have put into them stays', async () => {
    const theirs = {
      customer: { S: 'c' },
      space: { S: 's' },
      status: { S: 'failed' },
      roots: { SS: ['a', 'b'] },
      big: { N: '12345678901234567890' },
    }
    await client.send(new PutItemCommand({ TableName, Item: theirs }))
    const stdin = '{"key":"k","customer":"c","space":"s","outcome":"done"}\n'
    expect(
      await tool('track-progress', ['--by', 'customer,space', '--complete-at-end', location], stdin),
    ).toMatchObject({ code: 0 })
    const { Items } = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'status-index',
        KeyConditionExpression: '#status = :status',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': { S: 'completed' } },
      }),
    )
    expect(Items).toMatchObject([
      {
        customer: { S: 'c' },
        space: { S: 's' },
        completedUploads: { N: '1' },
        roots: { SS: ['a', 'b'] },
        big: theirs.big,
      },
    ])
  })

  test('what has failed beyond the first page of 1 MB is found', async () => {
    for (let nth = 0; nth < 77; nth++) {
      const status = nth === 75 || nth === 76 ? 'failed' : 'completed'
      const item = {
        customer: { S: `c${nth}` },
        space: { S: 's' },
        status: { S: status },
        updatedAt: { S: old },
        blob: { S: 'x'.repeat(30_000) },
      }
      await client.send(new PutItemCommand({ TableName, Item: item }))
    }
    const run = await tool('watch-progress', [location, '--failed', '--json'])
    expect(run.code).toBe(1)
    expect(JSON.parse(run.stdout)).toMatchObject({ groups: { failed: 2, completed: 76 } })
    expect(
      JSON.parse(run.stdout)
        .failedRows.map((found: { customer: string }) => found.customer)
        .sort(),
    ).toEqual(['c75', 'c76'])
  })

  test('a table of other keys is refused, and so is another store', async () => {
    const other = await freshTable(server)
    expect(await tool('watch-progress', [other.location, '--table', 'create'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('name another table'),
    })
    expect(await tool('watch-progress', ['./x/', '--table', 'create'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs no table'),
    })
  })
})

/** What a stage is given, with a clock of ours and a terminal of 80 columns. */
function contextAt(now: () => number, stop: AbortSignal): Context & { close(): Promise<void> } {
  const surroundings = {
    env: () => undefined,
    envStartingWith: () => [],
    processName: { host: 'test', pid: 1 },
    isAlive: () => true,
    compileSooner: () => {},
    die: () => {},
    warn: () => {},
  }
  const stores = new Stores(STORE_DEFAULTS, surroundings, { now, random: Math.random, stop })
  return {
    stop,
    abort: new AbortController().signal,
    now,
    screen: { rows: 24, columns: 80 },
    open: (location: string) => stores.open(location),
    close: () => stores.close(),
  } as unknown as Context & { close(): Promise<void> }
}

async function* none(): AsyncGenerator<never> {}
