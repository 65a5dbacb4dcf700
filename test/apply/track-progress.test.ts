/** track-progress at the command line: in a pipe, with rows in directories, Redis, S3 and tables. */
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ScanCommand } from '@aws-sdk/client-dynamodb'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { directoryWith, filesIn } from '../directory.ts'
import { redisDatabase } from '../redis-database.ts'
import { recordsOf, runShell, runTool, startTool, toEnd } from '../run-tool.ts'
import { COMPOSITE_KEY, dynamoDbEnvironment, dynamoDbServer, freshTable, PARTITION_KEY } from '../servers/dynamodb.ts'
import { startRedis } from '../servers/redis.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'

const BY = ['--by', 'customer,space']

/** Lines of these outcomes, numbered from `first`. */
function lines(outcomes: readonly string[], { space = 's', first = 1 } = {}): string {
  const records = outcomes.map((outcome, nth) => ({
    store: 'file:/x/',
    key: `k${first + nth}`,
    customer: 'c',
    space,
    ...(outcome !== 'open' && { outcome }),
    ...(outcome === 'skipped' && { reason: 'exists' }),
    ...(outcome === 'failed' && { error: { code: 'E_BUSY', message: 'later', retryable: true } }),
  }))
  return records.map((record) => `${JSON.stringify(record)}\n`).join('')
}

const times = (count: number, outcome: string) => new Array<string>(count).fill(outcome)

/** Runs it on records, with rows in a directory; gives the run and its rows by key. */
async function track(directory: string, stdin: string, args: readonly string[] = BY) {
  const run = await runTool('track-progress', { args: [...args, join(directory, 'rows')], stdin, cwd: directory })
  return { run, rows: await rowsIn(directory) }
}

// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
async function rowsIn(directory: string): Promise<Record<string, any>> {
  const files = Object.entries(await filesIn(directory)).filter(([path]) => path.startsWith('rows/'))
  return Object.fromEntries(files.map(([path, text]) => [path.slice('rows/'.length), JSON.parse(text)]))
}

describe('the bytes', () => {
  test('come out as they went in, whatever they are', async () => {
    const directory = await directoryWith({})
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .constantFrom('\n', '\r\n', '\n\n', '\ufeff', '{"key":"a","outcome":"done"}\n', ' {"key" : "b"} \n', '{"key":')
        .map(Buffer.from),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        await writeFile(join(directory, 'in'), Buffer.concat(pieces))
        const script = 'cat in | track-progress -q rows > out; cmp in out && track-progress -q rows < in | cmp in -'
        expect(await runShell(script, { cwd: directory })).toMatchObject({ code: 0, stdout: '' })
      }),
      { numRuns: 8 },
    )
  })

  test('a line longer than --max-line goes on too', async () => {
    const directory = await directoryWith({})
    const long = `{"key":"${'x'.repeat(100_000)}","outcome":"done"}\n`
    const { run } = await track(directory, long, ['--max-line', '1000'])
    expect(run.stdout).toBe(long)
    expect(run.code).toBe(1)
  })

  test('and a reader that has had enough is told of: exit code 3', async () => {
    const directory = await directoryWith({})
    await writeFile(join(directory, 'in'), lines(times(20_000, 'done')))
    const script = 'track-progress rows < in | head -n 1 > one; echo $' + '{PIPESTATUS[0]}; wc -l < one'
    const run = await runShell(script, { cwd: directory })
    expect(run.stdout).toBe('3\n1\n')
    expect(run.stderr).toContain('the output was closed')
  })
})

describe('a group', () => {
  test('is completed when all that was planned is settled, and not before', async () => {
    const plan = lines(times(10, 'open'))
    const directory = await directoryWith({ 'plan.ndjson': plan + lines(times(5, 'open'), { space: 't' }) })
    const args = [...BY, '--plan', 'plan.ndjson']
    const limited = await track(directory, lines(times(9, 'done')), args)
    expect(limited.run.code).toBe(0)
    expect(limited.rows['c/s.json']).toMatchObject({ status: 'in-progress', totalUploads: 10, completedUploads: 9 })
    expect(limited.rows['c/t.json']).toMatchObject({ status: 'pending', totalUploads: 5, completedUploads: 0 })
    const whole = await track(directory, lines([...times(7, 'done'), ...times(3, 'skipped')]), args)
    expect(whole.rows['c/s.json']).toMatchObject({
      status: 'completed',
      completedUploads: 10,
      lastProcessedUpload: 'k10',
    })
    expect(whole.rows['c/s.json']).not.toHaveProperty('error')
    expect(whole.rows['c/s.json'].createdAt).toBe(limited.rows['c/s.json'].createdAt)
  })

  test('of which nobody knows the plan stays in progress, unless the end is said to complete it', async () => {
    const directory = await directoryWith({})
    expect((await track(directory, lines(times(3, 'done')))).rows['c/s.json']).toMatchObject({ status: 'in-progress' })
    const { rows } = await track(directory, lines(times(3, 'done')), [...BY, '--complete-at-end'])
    expect(rows['c/s.json']).toMatchObject({ status: 'completed' })
  })

  test('with failures has failed, by their codes, and is in progress when it is done again', async () => {
    const directory = await directoryWith({ 'plan.ndjson': lines(times(4, 'open')) })
    const args = [...BY, '--plan', 'plan.ndjson']
    const failed = await track(directory, lines(['done', 'failed', 'failed', 'done']), args)
    expect(failed.run.code).toBe(1)
    expect(failed.rows['c/s.json']).toMatchObject({
      status: 'failed',
      error: '{"E_BUSY":2}',
      completedUploads: 2,
      failedUploads: 2,
    })
    const again = await track(directory, lines(['done', 'done']), args)
    expect(again.rows['c/s.json']).toMatchObject({
      status: 'in-progress',
      createdAt: failed.rows['c/s.json'].createdAt,
    })
    expect(again.rows['c/s.json']).not.toHaveProperty('error')
  })

  test('that was completed stands while a later run has not come to it', async () => {
    const plan = lines(times(2, 'open')) + lines(times(2, 'open'), { space: 't' })
    const directory = await directoryWith({ 'plan.ndjson': plan })
    const args = [...BY, '--plan', 'plan.ndjson']
    await track(directory, lines(times(2, 'done')), args)
    const { rows } = await track(directory, lines(times(2, 'done'), { space: 't' }), args)
    expect(rows['c/s.json']).toMatchObject({ status: 'completed' })
    expect(rows['c/t.json']).toMatchObject({ status: 'completed' })
  })

  test('is named by fields wherever they are, and by - where they are not', async () => {
    const directory = await directoryWith({})
    const stdin = '{"key":"a","value":{"owner":{"customer":"x/y"}},"part":7}\n{"key":"b"}\n'
    const { rows } = await track(directory, stdin, ['--by', 'value.owner.customer,part'])
    expect(Object.keys(rows).sort()).toEqual(['-/part%3D-.json', 'x%2Fy/part%3D7.json'])
    expect(rows['x%2Fy/part%3D7.json']).toMatchObject({ customer: 'x/y', space: 'part=7', status: 'pending' })
  })

  test('is named by a value that is nested too deep to be printed, and the records go on', async () => {
    const directory = await directoryWith({})
    const stdin = `{"key":"a","space":${'['.repeat(9000)}${']'.repeat(9000)}}\n{"key":"b","space":["s"]}\n`
    const { run, rows } = await track(directory, stdin, ['--by', 'space'])
    expect(run).toMatchObject({ code: 0, stdout: stdin })
    expect(Object.keys(rows).sort()).toEqual(['*/%5B%22s%22%5D.json', '*/nested%20too%20deep.json'])
  })

  test('is another one where names that hold a newline would run into each other', async () => {
    const directory = await directoryWith({})
    const stdin = '{"key":"1","customer":"a\\nb","space":"c"}\n{"key":"2","customer":"a","space":"b\\nc"}\n'
    const { rows } = await track(directory, stdin)
    expect(Object.keys(rows).sort()).toEqual(['a%0Ab/c.json', 'a/b%0Ac.json'])
  })

  test('is planned by all parts of a store', async () => {
    const parts = {
      'parts/0.ndjson': lines(times(2, 'open')),
      'parts/1.ndjson': lines(times(3, 'open')),
      'parts/manifest.json': '{}',
      // What run-parts has done of it is no plan.
      'parts/part-0001.journal.ndjson': lines(times(2, 'done')),
      'parts/part-0002.journal.7.1.ndjson': lines(times(1, 'done')),
    }
    const directory = await directoryWith(parts)
    const { rows } = await track(directory, lines(times(2, 'done')), [...BY, '--plan', 'file:./parts/'])
    expect(rows['c/s.json']).toMatchObject({ totalUploads: 5, status: 'in-progress' })
  })
})

describe('journals', () => {
  test('count as passed, so that a resumed run completes what is complete', async () => {
    const directory = await directoryWith({
      'plan.ndjson': lines(times(10, 'open')),
      'run.ndjson': `${lines(times(6, 'done'))}{"key":"to`,
    })
    const args = [...BY, '--plan', 'plan.ndjson', '--resume', 'run.ndjson']
    const { run, rows } = await track(directory, lines(times(4, 'done'), { first: 7 }), args)
    expect(rows['c/s.json']).toMatchObject({ status: 'completed', completedUploads: 10 })
    expect(run.stdout).toBe(lines(times(4, 'done'), { first: 7 }))
  })

  test('count a line of the plan that was no record as failed, and a torn line of their own not', async () => {
    const broken = { outcome: 'failed', error: { code: 'E_INPUT', line: 3, message: 'not JSON', retryable: false } }
    const journal = `${lines(times(2, 'done'))}${JSON.stringify({ ...broken, input: 'broken' })}\n{"key":"to`
    const directory = await directoryWith({
      'plan.ndjson': `${lines(times(2, 'open'))}broken\n`,
      'run.ndjson': journal,
    })
    const { rows } = await track(directory, '', ['--plan', 'plan.ndjson', '--resume', 'run.ndjson'])
    expect(rows['*/*.json']).toMatchObject({ status: 'failed', totalUploads: 3, completedUploads: 2, failedUploads: 1 })
  })

  test.each([
    ['no error', 'null', 'unknown'],
    ['an error that is text', '"broken"', 'unknown'],
    ['a message that is a number', '{"code":"X","message":5}', 'X'],
    ['a message that is an object', '{"code":500,"message":{"a":1}}', '500'],
    ['differs that is text', 'null,"verified":false,"differs":"content"', 'differs'],
  ])('and failures as others write them are counted, with %s', async (_, error, code) => {
    const failed = (key: string) => `{"key":"${key}","outcome":"failed","error":${error}}\n`
    const directory = await directoryWith({ 'run.ndjson': failed('a') })
    const stdin = `${failed('b')}{"key":"a","outcome":"done"}\n`
    const args = ['--resume', 'run.ndjson', 'rows']
    const run = await runTool('track-progress', { args, stdin, cwd: directory, records: false })
    expect(run).toMatchObject({ code: 1, stdout: stdin })
    expect((await rowsIn(directory))['*/*.json']).toMatchObject({
      completedUploads: 1,
      failedUploads: 1,
      error: `{"${code}":1}`,
      shares: { all: { failures: [{ key: 'b' }] } },
    })
  })

  test('and what comes by again are counted once, with the outcome that it has come to', async () => {
    const journal = lines(['done', 'failed', 'failed'])
    const directory = await directoryWith({
      'plan.ndjson': lines(times(5, 'open')),
      'run.ndjson': journal + lines(['done']),
    })
    const args = [...BY, '--plan', 'plan.ndjson', '--resume', 'run.ndjson', '--resume', 'run.ndjson']
    const { rows } = await track(directory, lines(['done', 'done', 'failed', 'done']), args)
    expect(rows['c/s.json']).toMatchObject({
      status: 'failed',
      completedUploads: 3,
      failedUploads: 1,
      error: '{"E_BUSY":1}',
      shares: { all: { failures: [{ key: 'k3' }] } },
    })
  })

  test('and a failure takes the place of what was well before: verify behind a journal counts no record twice', async () => {
    const directory = await directoryWith({
      'plan.ndjson': lines(times(3, 'open')),
      'run.ndjson': lines(['done', 'skipped', 'done']),
    })
    const args = [...BY, '--plan', 'plan.ndjson', '--resume', 'run.ndjson']
    const stdin = lines(['failed', 'failed', 'done']) + lines(['done']) + lines(['failed', 'failed'])
    const { rows } = await track(directory, stdin, args)
    expect(rows['c/s.json']).toMatchObject({
      status: 'failed',
      totalUploads: 3,
      completedUploads: 1,
      failedUploads: 2,
      shares: { all: { counts: { done: 1, skipped: 0, failed: 2 } } },
    })
  })

  test('of a real copy that was killed and went on', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, nth) => [`data/${nth}`, 'x']))
    const directory = await directoryWith(files)
    const script = `
      set -o pipefail
      list-keys -q data | rewrite-keys -q --sub 's/^/new-/' > plan.ndjson
      REKEY_FAULTS=die=10 copy-apply -q --concurrency 1 --intents begun < plan.ndjson | track-progress -q --plan plan.ndjson rows > run.ndjson
      jq -r .status rows/*/*.json
      copy-apply -q --intents begun --resume run.ndjson < plan.ndjson | track-progress -q --plan plan.ndjson --resume run.ndjson rows >> run.ndjson
      jq -c '[.status, .completedUploads]' rows/*/*.json
      wc -l < run.ndjson`
    const run = await runShell(script, { cwd: directory })
    expect(run.stdout).toBe('in-progress\n["completed",30]\n30\n')
  })
})

describe('a store that fails', () => {
  const stdin = lines(times(50, 'done'))

  test('is told about, and everything goes on', async () => {
    const run = await runTool('track-progress', { args: [...BY, 'redis://127.0.0.1:1/0', '--every', '10'], stdin })
    expect(run).toMatchObject({ code: 0, stdout: stdin })
    expect(run.stderr.match(/progress is not written: E_CONNECTION/g)).toHaveLength(1)
    expect(run.stderr).toContain('the last progress is not written')
  })

  test('half way is told about, and everything goes on', async () => {
    const server = await startRedis()
    const tool = startTool('track-progress', { args: [...BY, server.location, '--every', '1'] })
    const ended = toEnd(tool)
    const redis = new Redis(server.location)
    await redis.config('SET', 'notify-keyspace-events', 'KA')
    await redis.psubscribe('__keyspace*')
    const written = once(redis, 'pmessage')
    tool.stdin?.write(stdin.slice(0, stdin.length / 2))
    await written
    redis.disconnect()
    await server.kill()
    let said = ''
    const warned = new Promise<void>((resolve) => {
      tool.stderr?.on('data', (chunk) => {
        said += chunk
        if (said.includes('progress is not written')) resolve()
      })
    })
    tool.stdin?.write(stdin.slice(stdin.length / 2, -40))
    await warned
    tool.stdin?.end(stdin.slice(-40))
    const run = await ended
    expect(run).toMatchObject({ code: 0, stdout: stdin })
    expect(run.stderr.match(/progress is not written: E_/g)).toHaveLength(1)
  })

  test.each([
    ['a scheme that there is not', ['bogus://x'], 'E_LOCATION'],
    ['no time', ['rows', '--every', '0'], '--every'],
    ['groups of a host', ['status/', '--by', 'space'], '--by'],
    ['a total of many groups', ['rows', '--by', 'space', '--total', '3'], '--total'],
    ['two places', ['rows', 'more'], 'one too many'],
    ['a plan that is not there', ['rows', '--plan', 'nowhere.ndjson'], 'nowhere.ndjson'],
    ['a field without a name', ['rows', '--by', 'a,,b'], '--by'],
    ['a share without a name', ['rows', '--share', ''], '--share takes a NAME, and what was given is empty'],
    ['a host without a name', ['rows', '--instance', ''], '--instance takes a NAME, and what was given is empty'],
    ['a heartbeat in a table', ['dynamodb://t', '--schema', 'heartbeat'], 'heartbeat'],
  ])('%s is refused before anything is read', async (_, args, says) => {
    const directory = await directoryWith({})
    const run = await runTool('track-progress', { args, stdin, cwd: directory })
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(says)
  })

  test('a row that is something else is left as it is', async () => {
    const directory = await directoryWith({ 'rows/c/s.json': 'mine' })
    const run = await runTool('track-progress', { args: [...BY, join(directory, 'rows')], stdin })
    expect(run).toMatchObject({ code: 0, stdout: stdin })
    expect(run.stderr).toContain('E_TYPE')
    expect(await readFile(join(directory, 'rows/c/s.json'), 'utf8')).toBe('mine')
  })
})

describe('several runs at once', () => {
  async function atOnce(location: string, env: Record<string, string> = {}) {
    const shares = ['a', 'b', 'c', 'd']
    const runs = shares.map((share, nth) =>
      runTool('track-progress', {
        args: [...BY, location, '--share', share, '--every', '5', '--instance', share],
        stdin: lines(times(20, 'done'), { first: nth * 20 }),
        env,
      }),
    )
    expect((await Promise.all(runs)).map(({ code, stderr }) => [code, stderr.includes('not written')])).toEqual(
      shares.map(() => [0, false]),
    )
  }

  const all = { completedUploads: 80, shares: { a: { ended: true }, b: {}, c: {}, d: { counts: { done: 20 } } } }

  test('share a file', async () => {
    const directory = await directoryWith({})
    await atOnce(join(directory, 'rows'))
    expect((await rowsIn(directory))['c/s.json']).toMatchObject(all)
  })

  test('share a key of Redis', async () => {
    const location = redisDatabase('track-progress')
    const redis = new Redis(location)
    await redis.flushdb()
    await atOnce(location)
    expect(JSON.parse((await redis.get('migration-progress:c/s')) ?? '')).toMatchObject(all)
    redis.disconnect()
  })

  test('share an object of S3', async () => {
    const server = await s3Server()
    const bucket = await freshBucket(server)
    const env = s3Environment(server)
    await atOnce(`${bucket.location}/rows/`, env)
    const listed = await runTool('list-keys', { args: ['--values', bucket.location], env })
    expect(recordsOf(listed)).toMatchObject([{ key: 'rows/c/s.json', value: all }])
  })
})

test('a heartbeat of this host', async () => {
  const server = await s3Server()
  const bucket = await freshBucket(server)
  const env = s3Environment(server)
  const args = [`${bucket.location}/status/`, '--instance', 'pi-1', '--total', '5']
  expect(await runTool('track-progress', { args, stdin: lines(times(3, 'done')), env })).toMatchObject({ code: 0 })
  const listed = await runTool('list-keys', { args: ['--values', bucket.location], env })
  expect(recordsOf(listed)).toMatchObject([
    {
      key: 'status/pi-1.json',
      value: {
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        hostname: 'pi-1',
        system: { cpu: expect.any(Number), mem: expect.any(Number) },
        workers: {},
        progress: { status: 'in-progress', totalUploads: 5, completedUploads: 3 },
      },
    },
  ])
})

test('a signal stops nothing that is on its way, and completes nothing', async () => {
  const directory = await directoryWith({})
  const args = [...BY, '--complete-at-end', join(directory, 'rows')]
  const tool = startTool('track-progress', { args })
  const ended = toEnd(tool)
  tool.stdin?.write(lines(['done']))
  await once(tool.stdout as NonNullable<typeof tool.stdout>, 'data')
  tool.kill('SIGINT')
  await once(tool.stderr as NonNullable<typeof tool.stderr>, 'data')
  tool.stdin?.end(lines(['done'], { first: 2 }))
  const run = await ended
  expect(run).toMatchObject({ code: 130, stdout: lines(['done', 'done']) })
  expect((await rowsIn(directory))['c/s.json']).toMatchObject({ status: 'in-progress', completedUploads: 2 })
})

test.each([
  ['one attribute', PARTITION_KEY, 'pk'],
  ['two', COMPOSITE_KEY, 'pk, sk'],
])(
  'a table whose key has other names, %s, is refused before anything has passed: nothing stands among its data',
  async (_, shape, names) => {
    const server = await dynamoDbServer()
    const { location, name, client } = await freshTable(server, shape)
    const run = await runTool('track-progress', {
      args: [location],
      stdin: '{"key":"a"}\n',
      env: dynamoDbEnvironment(server),
    })
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: '' })
    expect(run.stderr).toContain(
      `E_LOCATION: ${location} has the key ${names}, and rows of progress have customer, space`,
    )
    expect(run.stderr).toContain('--table create')
    expect((await client.send(new ScanCommand({ TableName: name }))).Items).toEqual([])
  },
)
