/** verify at the command line, on files and on Redis. */
import { chmod, link, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { directoryWith } from '../directory.ts'
import { redisDatabase } from '../redis-database.ts'
import { recordsOf, runTool } from '../run-tool.ts'
import { startRedis } from '../servers/redis.ts'

describe('files', () => {
  /** Copies `a` to `b` and gives the directory and the journal. */
  async function copied(content = 'content'): Promise<{ directory: string; journal: string }> {
    const directory = await directoryWith({ a: content })
    const listed = await runTool('list-keys', { args: [directory] })
    const plan = await runTool('rewrite-keys', { args: ['--sub', 's/^a$/b/'], stdin: listed.stdout })
    const run = await runTool('copy-apply', { stdin: plan.stdout })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'done' }])
    return { directory, journal: run.stdout }
  }

  test('a right copy is proven by digest', async () => {
    const { journal } = await copied()
    const run = await runTool('verify', { stdin: journal })
    expect(recordsOf(run)).toMatchObject([
      { verified: true, proof: 'digest', digest: expect.stringMatching(/^sha256:/) },
    ])
    expect(run.code).toBe(0)
  })

  test.each([
    ['missing', (b: string) => rm(b), ['missing']],
    ['longer', (b: string) => writeFile(b, 'content and more'), ['size', 'mtime']],
    ['of other content, size and time alike', swapContent, ['content']],
    ['of another time', (b: string) => utimes(b, 1, 1), ['mtime']],
    ['of another mode', (b: string) => chmod(b, 0o600), ['mode']],
  ])('a copy that is %s', async (_, spoil, differs) => {
    const { directory, journal } = await copied()
    await spoil(join(directory, 'b'))
    const run = await runTool('verify', { stdin: journal })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'done', verified: false, differs }])
    expect(run.code).toBe(1)
  })

  test('a source that has changed since it was listed is told from a wrong copy', async () => {
    const { directory, journal } = await copied()
    await writeFile(join(directory, 'a'), 'something else')
    const run = await runTool('verify', { stdin: journal })
    expect(recordsOf(run)).toMatchObject([{ verified: false, differs: ['size', 'mtime', 'source-changed'] }])
  })

  test('a source that is gone', async () => {
    const { directory, journal } = await copied()
    await rm(join(directory, 'a'))
    expect(recordsOf(await runTool('verify', { stdin: journal }))).toMatchObject([
      { verified: false, differs: ['source-missing'] },
    ])
  })

  test('one file under two names is no copy', async () => {
    const directory = await directoryWith({ a: '1' })
    await link(join(directory, 'a'), join(directory, 'b'))
    const run = await runTool('verify', { stdin: `{"store":"file:${directory}/","key":"a","to":"b"}` })
    expect(recordsOf(run)).toMatchObject([{ verified: false, differs: ['same-object'] }])
  })

  test('one directory under two names is no copy', async () => {
    const directory = await directoryWith({ 'real/a': '1' })
    await symlink(join(directory, 'real'), join(directory, 'alias'))
    const [store, toStore] = ['real', 'alias'].map((name) => `file:${directory}/${name}/`)
    const run = await runTool('verify', { stdin: JSON.stringify({ store, key: 'a', to: 'a', toStore }) })
    expect(recordsOf(run)).toMatchObject([{ verified: false, differs: ['same-object'] }])
  })

  test('--proof size looks at no content; --proof bytes reads both', async () => {
    const { directory, journal } = await copied()
    await swapContent(join(directory, 'b'))
    const proofOf = async (proof: string) =>
      recordsOf(await runTool('verify', { args: ['--proof', proof], stdin: journal }))
    expect(await proofOf('size')).toMatchObject([{ verified: true, proof: 'size' }])
    expect(await proofOf('bytes')).toMatchObject([{ verified: false, proof: 'bytes', differs: ['content'] }])
  })

  test('a plan that another tool has carried out can be proven', async () => {
    const { journal } = await copied()
    const plan = journal.replace(/,"outcome".*\}/, '}')
    expect(recordsOf(await runTool('verify', { stdin: plan }))).toMatchObject([{ verified: true }])
  })

  test('what was there before is judged, what failed or stays is not', async () => {
    const directory = await directoryWith({ a: '1', b: '1', c: '2' })
    const store = `file:${directory}/`
    const error = { code: 'E_NAME', message: 'no', retryable: false }
    const records = [
      { store, key: 'a', to: 'c', outcome: 'skipped', reason: 'exists' },
      { store, key: 'a', outcome: 'skipped', reason: 'unchanged' },
      { store, key: 'a', to: 'b', outcome: 'failed', error },
      { store, key: 'a', to: 'a', outcome: 'skipped', reason: 'same-key' },
    ]
    const run = await runTool('verify', { stdin: records.map((record) => JSON.stringify(record)).join('\n') })
    const verdicts = recordsOf(run).map(({ outcome, reason, verified }) => [outcome, reason, verified])
    expect(verdicts.toSorted()).toEqual([
      ['failed', undefined, undefined],
      ['skipped', 'exists', false],
      ['skipped', 'same-key', undefined],
      ['skipped', 'unchanged', undefined],
    ])
    expect(run.stderr).toContain('4 records')
  })

  test('a put whose record has lost its value is not proven by an empty destination', async () => {
    const directory = await directoryWith({ a: '' })
    const stdin = `{"store":"file:${directory}/","key":"a","op":"put","outcome":"done"}`
    const run = await runTool('verify', { stdin })
    expect(recordsOf(run)).toMatchObject([{ error: { code: 'E_FIELD' } }])
    expect(run.code).toBe(1)
  })

  test('--only-bad prints what is not proven and counts everything', async () => {
    const { directory, journal } = await copied()
    const wrong = JSON.stringify({ store: `file:${directory}/`, key: 'a', to: 'nowhere' })
    const run = await runTool('verify', { args: ['--only-bad'], stdin: `${journal}${wrong}\n` })
    expect(recordsOf(run).map(({ to }) => to)).toEqual(['nowhere'])
    expect(run.stderr).toMatch(/2 records .*1 verified.*1 differ|2 records .*1 differ.*1 verified/)
  })

  test('--sample leaves the others without a verdict', async () => {
    const directory = await directoryWith({ a: '1', b: '1' })
    const line = `${JSON.stringify({ store: `file:${directory}/`, key: 'a', to: 'b' })}\n`
    const run = await runTool('verify', { args: ['--sample', '10%'], stdin: line.repeat(500) })
    const judged = recordsOf(run).filter(({ verified }) => verified !== undefined).length
    expect(recordsOf(run).length).toBe(500)
    expect(judged).toBeGreaterThan(10)
    expect(judged).toBeLessThan(150)
  })

  test('a record that is not looked at has no verdict, though it came with one', async () => {
    const { journal } = await copied()
    const proven = await runTool('verify', { stdin: journal })
    const run = await runTool('verify', { args: ['--sample', '0.0001%'], stdin: proven.stdout })
    expect(run.stdout).not.toContain('verified')
  })

  test('what was unknown and is proven is well', async () => {
    const { journal } = await copied()
    const error = '"error":{"code":"E_UNANSWERED","message":"no answer","retryable":false}'
    const run = await runTool('verify', { stdin: journal.replace('"outcome":"done"', `"outcome":"unknown",${error}`) })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'unknown', verified: true }])
    expect(run.code).toBe(0)
  })

  test('a second verdict takes the place of the first', async () => {
    const { directory, journal } = await copied()
    await swapContent(join(directory, 'b'))
    const first = await runTool('verify', { stdin: journal })
    await writeFile(join(directory, 'b'), await readFile(join(directory, 'a')))
    await utimes(join(directory, 'b'), ...(await timesOf(join(directory, 'a'))))
    const second = await runTool('verify', { stdin: first.stdout })
    expect(recordsOf(second)).toMatchObject([{ verified: true, proof: 'digest' }])
    expect(second.stdout).not.toContain('differs')
  })
})

describe('Redis', () => {
  const location = redisDatabase('verify')
  const redis = new Redis(location)
  beforeEach(async () => void (await redis.flushdb()))
  afterAll(() => redis.disconnect())

  test.each([
    ['a changed field', ['HSET', 'to', 'f', 'x'], ['content']],
    ['an extra field', ['HSET', 'to', 'g', ''], ['content']],
    ['a field that is missing', ['HDEL', 'to', 'e'], ['content']],
    ['a lost expiry', ['PERSIST', 'to'], ['expiry']],
    ['another expiry', ['PEXPIREAT', 'to', '4000000000003'], ['expiry']],
    ['nothing at all', ['DEL', 'to'], ['missing']],
  ])('%s', async (_, [command = '', ...words], differs) => {
    await redis.hset('from', { f: 'v', e: '' })
    await redis.pexpireat('from', 4_000_000_000_000)
    await redis.copy('from', 'to')
    expect(await verdict()).toMatchObject([{ verified: true, proof: 'digest' }])
    await redis.call(command, ...words)
    expect(await verdict()).toMatchObject([{ verified: false, differs }])
  })

  test('a hash that has changed since it was listed is told from a wrong copy by its own time', async () => {
    await redis.hset('from', { at: '2026-01-02T00:00:00Z' })
    await redis.copy('from', 'to')
    await redis.hset('from', { at: '2026-01-03T00:00:00Z' })
    const times = ['--mtime-field', 'at']
    expect(await verdict(...times)).toMatchObject([{ verified: false, differs: ['content'] }])
    const stdin = `${JSON.stringify({ store: location, key: 'from', mtime: '2026-01-02T00:00:00.000Z', to: 'to' })}\n`
    const run = await runTool('verify', { args: times, stdin })
    expect(recordsOf(run)).toMatchObject([{ verified: false, differs: ['content', 'source-changed'] }])
  })

  test('a file has no expiry: what the copy has said that it lost is not held against it', async () => {
    const directory = await directoryWith({})
    await redis.set('from', 'v', 'EX', 1000)
    const plan = JSON.stringify({ store: location, key: 'from', to: 'from', toStore: `file:${directory}/` })
    const copied = await runTool('copy-apply', { stdin: plan })
    expect(recordsOf(copied)).toMatchObject([{ outcome: 'done', lost: ['expires'] }])
    expect(recordsOf(await runTool('verify', { stdin: copied.stdout }))).toMatchObject([{ verified: true }])
    expect(recordsOf(await runTool('verify', { stdin: plan }))).toMatchObject([{ differs: ['expiry'] }])
  })

  test('what jq has made null was not lost', async () => {
    await redis.set('from', 'v', 'EX', 1000)
    await redis.set('to', 'v')
    const stdin = JSON.stringify({ store: location, key: 'from', to: 'to', outcome: 'done', lost: null })
    expect(recordsOf(await runTool('verify', { stdin, records: false }))).toMatchObject([{ differs: ['expiry'] }])
  })

  test('another type', async () => {
    await redis.set('from', '1')
    await redis.rpush('to', '1')
    expect(await verdict()).toMatchObject([{ verified: false, differs: ['type'] }])
  })

  test('a score that is off by the least there is', async () => {
    await redis.zadd('from', '9007199254740992', 'm', '0.1', 'n')
    await redis.zadd('to', '9007199254740992', 'm', '0.1', 'n')
    expect(await verdict()).toMatchObject([{ verified: true }])
    await redis.zadd('to', '9007199254740994', 'm')
    expect(await verdict()).toMatchObject([{ verified: false, differs: ['content'] }])
    await redis.zadd('to', '9007199254740992', 'm', '0.10000000000000002', 'n')
    expect(await verdict()).toMatchObject([{ verified: false, differs: ['content'] }])
  })

  test('bytes are read from both sides', async () => {
    await redis.hset('from', { f: 'v' })
    await redis.copy('from', 'to')
    expect(await verdict('--proof', 'bytes')).toMatchObject([{ verified: true }])
    await redis.hset('to', { f: 'w' })
    expect(await verdict('--proof', 'bytes')).toMatchObject([{ verified: false, differs: ['content'] }])
  })

  test('content that is dumped in another way is the same all the same', async () => {
    const members = Array.from({ length: 2000 }, (_, n) => `member ${n}`)
    await redis.sadd('from', ...members)
    await redis.sadd('to', ...members.toReversed())
    expect(await redis.dumpBuffer('from')).not.toEqual(await redis.dumpBuffer('to'))
    expect(await verdict('--proof', 'bytes')).toMatchObject([{ verified: true, proof: 'digest' }])
    await redis.srem('to', 'member 7')
    expect(await verdict('--proof', 'bytes')).toMatchObject([{ verified: false, differs: ['content'] }])
  })

  test('a merged key holds all of its source, its own expiry and more', async () => {
    await redis.sadd('from', 'a', 'b')
    await redis.sadd('to', 'b', 'c')
    await redis.expire('to', 1000)
    const plan = `{"store":"${location}","key":"from","to":"to"}`
    const run = await runTool('copy-apply', { args: ['--if-exists', 'merge'], stdin: plan })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'done', reason: 'merged' }])
    expect(recordsOf(await runTool('verify', { stdin: run.stdout }))).toMatchObject([{ verified: true }])
    await redis.srem('to', 'a')
    expect(recordsOf(await runTool('verify', { stdin: run.stdout }))).toMatchObject([{ verified: false }])
  })

  test('what has expired on both sides is gone, not wrong', async () => {
    const past = {
      store: location,
      key: 'from',
      to: 'to',
      type: 'hash',
      expires: '2020-01-01T00:00:00.000Z',
      outcome: 'done',
    }
    const run = await runTool('verify', { stdin: JSON.stringify(past) })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'done', reason: 'gone' }])
    expect(run.code).toBe(0)
  })

  test('one database under two names is no copy', async () => {
    await redis.set('from', '1')
    const toStore = location.replace('127.0.0.1', 'localhost')
    const run = await runTool('verify', {
      stdin: JSON.stringify({ store: location, key: 'from', to: 'from', toStore }),
    })
    expect(recordsOf(run)).toMatchObject([{ verified: false, differs: ['same-object'] }])
  })

  test('a replica is no copy', async () => {
    const original = await startRedis(['--repl-diskless-sync-delay', '0'])
    const replica = await startRedis(['--replicaof', '127.0.0.1', String(original.port)])
    const client = new Redis(original.location)
    try {
      await client.set('from', '1')
      await client.call('WAIT', '1', '20000')
      const record = { store: original.location, key: 'from', to: 'from', toStore: replica.location }
      const run = await runTool('verify', { stdin: JSON.stringify(record) })
      expect(recordsOf(run)).toMatchObject([{ verified: false, differs: ['same-object'] }])
    } finally {
      client.disconnect()
      await Promise.all([replica.stop(), original.stop()])
    }
  })

  test('a string and a file of one content', async () => {
    const directory = await directoryWith({})
    await redis.set('from', 'content')
    const plan = JSON.stringify({ store: location, key: 'from', to: 'file', toStore: `file:${directory}/` })
    const run = await runTool('copy-apply', { stdin: plan })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'done' }])
    const proven = await runTool('verify', { stdin: run.stdout })
    expect(recordsOf(proven)).toMatchObject([
      { verified: true, proof: 'bytes', toDigest: expect.stringMatching(/^sha256:/) },
    ])
  })

  async function verdict(...args: readonly string[]) {
    return recordsOf(await runTool('verify', { args, stdin: `{"store":"${location}","key":"from","to":"to"}` }))
  }
})

/** Other content of the same size under the same time. */
async function swapContent(path: string): Promise<void> {
  const times = await timesOf(path)
  await writeFile(path, (await readFile(path, 'utf8')).toUpperCase())
  await utimes(path, ...times)
}

/** In seconds, within the millisecond that the file has. */
async function timesOf(path: string): Promise<[number, number]> {
  const { atimeMs, mtimeMs } = await stat(path)
  return [atimeMs / 1000, (Math.floor(mtimeMs) + 0.5) / 1000]
}
