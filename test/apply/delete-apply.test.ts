/** delete-apply at the command line, on files and on Redis: nothing goes without a proof, and nothing that has changed since. */
import { readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { directoryWith, filesIn } from '../directory.ts'
import { redisDatabase } from '../redis-database.ts'
import type { ToolRun } from '../run-tool.ts'
import { recordsOf, runTool } from '../run-tool.ts'

/** Copies old/* to new/* and proves it. */
async function proven(files: Record<string, string>): Promise<{ directory: string; lines: string }> {
  const directory = await directoryWith(files)
  const listed = await runTool('list-keys', { args: [directory, '--match', 'old/*'] })
  const plan = await runTool('rewrite-keys', { args: ['--sub', 's/^old/new/'], stdin: listed.stdout })
  const run = await runTool('copy-apply', { stdin: plan.stdout })
  return { directory, lines: (await runTool('verify', { stdin: run.stdout })).stdout }
}

const remove = (lines: string, ...args: readonly string[]): Promise<ToolRun> =>
  runTool('delete-apply', { args, stdin: lines })

test('proven sources go, with the directories that they leave empty', async () => {
  const { directory, lines } = await proven({ 'old/a': '1', 'old/deep/b': '2' })
  const run = await remove(lines)
  expect(recordsOf(run).map(({ outcome, deleted }) => [outcome, deleted])).toEqual([
    ['done', 'source'],
    ['done', 'source'],
  ])
  expect(await filesIn(directory)).toEqual({ 'new/a': '1', 'new/deep/b': '2' })
  expect(await readdir(directory)).toEqual(['new'])
})

test('a second run over the same proofs finds them gone', async () => {
  const { lines } = await proven({ 'old/a': '1' })
  await remove(lines)
  const run = await remove(lines)
  expect(recordsOf(run)).toMatchObject([{ outcome: 'skipped', reason: 'gone' }])
  expect(run.code).toBe(0)
})

test('--side dest takes back what the run created, and no more', async () => {
  const { directory, lines } = await proven({ 'old/a': '1', 'old/b': '2', 'new/b': 'stranger' })
  const run = await remove(lines, '--side', 'dest')
  expect(await filesIn(directory)).toEqual({ 'old/a': '1', 'old/b': '2', 'new/b': 'stranger' })
  const outcomes = recordsOf(run).map(({ key, outcome, reason, deleted }) => [key, outcome, reason ?? deleted])
  expect(outcomes.toSorted()).toEqual([
    ['old/a', 'done', 'dest'],
    ['old/b', 'skipped', 'not-verified'],
  ])
})

test('what was there before and holds the same is not taken back', async () => {
  const { directory, lines } = await proven({ 'old/a': '1', 'new/a': '1' })
  const equal = lines.replace(/"verified":false.*\}/, '"verified":true,"proof":"digest","digest":"sha256:0"}')
  expect(recordsOf(await remove(equal, '--side', 'dest'))).toMatchObject([
    { outcome: 'skipped', reason: 'not-created' },
  ])
  expect(await filesIn(directory)).toEqual({ 'old/a': '1', 'new/a': '1' })
})

test('a dry run says what would go', async () => {
  const { directory, lines } = await proven({ 'old/a': '1' })
  expect(recordsOf(await remove(lines, '-n'))).toMatchObject([{ outcome: 'planned', reason: 'dry-run' }])
  expect(Object.keys(await filesIn(directory)).toSorted()).toEqual(['new/a', 'old/a'])
})

test.each([
  ['the source has changed since', 'old/a', 'E_CHANGED'],
  ['the copy is not there any more', undefined, 'E_UNPROVEN'],
])('%s', async (_, changed, code) => {
  const { directory, lines } = await proven({ 'old/a': '1' })
  if (changed === undefined) await rm(join(directory, 'new/a'))
  else await writeFile(join(directory, changed), 'changed')
  const run = await remove(lines)
  expect(recordsOf(run)).toMatchObject([{ outcome: 'failed', error: { code } }])
  expect(run.code).toBe(1)
  expect(Object.keys(await filesIn(directory))).toContain('old/a')
})

test('a destination that has changed since is not taken back', async () => {
  const { directory, lines } = await proven({ 'old/a': '1' })
  await writeFile(join(directory, 'new/a'), 'edited')
  const run = await remove(lines, '--side', 'dest')
  expect(recordsOf(run)).toMatchObject([{ outcome: 'failed', error: { code: 'E_CHANGED' } }])
  expect(await filesIn(directory)).toMatchObject({ 'new/a': 'edited' })
})

test('what is not verified stays', async () => {
  const { directory, lines } = await proven({ 'old/a': '1' })
  const unproven = lines.replace(/,"verified".*\}/, '}')
  expect(recordsOf(await remove(unproven))).toMatchObject([{ outcome: 'skipped', reason: 'not-verified' }])
  expect(await filesIn(directory)).toMatchObject({ 'old/a': '1' })
})

test('the only copy stays, though a line says that it is proven', async () => {
  const directory = await directoryWith({ 'real/a': 'the only one' })
  await symlink(join(directory, 'real'), join(directory, 'alias'))
  const [store, toStore] = ['real', 'alias'].map((name) => `file:${directory}/${name}/`)
  const digest = `sha256:${'0'.repeat(64)}`
  const lie = { store, key: 'a', to: 'a', toStore, outcome: 'done', verified: true, proof: 'digest', digest }
  const self = { store, key: 'a', to: 'a', outcome: 'done', verified: true, proof: 'digest', digest }
  const run = await remove(`${JSON.stringify(lie)}\n${JSON.stringify(self)}\n`)
  expect(
    recordsOf(run)
      .map(({ outcome, reason, error }) => [outcome, reason ?? error?.code])
      .toSorted(),
  ).toEqual([
    ['failed', 'E_UNPROVEN'],
    ['skipped', 'same-key'],
  ])
  expect(await filesIn(join(directory, 'real'))).toEqual({ a: 'the only one' })
})

test('the last copy stays, though source and copy are both proven', async () => {
  const { directory, lines } = await proven({ 'old/a': '1' })
  expect((await remove(lines)).code).toBe(0)
  expect(recordsOf(await remove(lines, '--side', 'dest'))).toMatchObject([
    { outcome: 'failed', error: { code: 'E_UNPROVEN' } },
  ])
  expect(await filesIn(directory)).toEqual({ 'new/a': '1' })
})

test("two keys that are each other's copy do not take each other along", async () => {
  const directory = await directoryWith({ p: 'same', q: 'same' })
  for (const name of ['p', 'q']) await utimes(join(directory, name), 1, 1)
  const store = `file:${directory}/`
  const lines = [
    { key: 'p', to: 'q' },
    { key: 'q', to: 'p' },
  ].map((pair) => JSON.stringify({ store, ...pair }))
  const verified = await runTool('verify', { stdin: lines.join('\n') })
  const run = await remove(verified.stdout)
  expect(
    recordsOf(run)
      .map(({ outcome }) => outcome)
      .toSorted(),
  ).toEqual(['done', 'failed'])
  expect(Object.values(await filesIn(directory))).toEqual(['same'])
})

test.each(['', 'CONTENT'])('a copy that has become another since, %j, is no proof', async (edited) => {
  const { directory, lines } = await proven({ 'old/a': 'content' })
  await writeFile(join(directory, 'new/a'), edited)
  expect(recordsOf(await remove(lines))).toMatchObject([{ outcome: 'failed', error: { code: 'E_UNPROVEN' } }])
  expect(await filesIn(directory)).toMatchObject({ 'old/a': 'content' })
})

/** The record of a file, made to put another value elsewhere; verified, taken back, and what became of that. */
async function putAndTakenBack(source: string, more: Record<string, string>, edit = async () => {}): Promise<string[]> {
  const [listed] = recordsOf(await runTool('list-keys', { args: [source] }))
  const plan = JSON.stringify({ ...listed, op: 'put', to: 'put', value: 'longer than before', ...more })
  const written = await runTool('copy-apply', { stdin: plan })
  const { stdout } = await runTool('verify', { stdin: written.stdout })
  await edit()
  return recordsOf(await remove(stdout, '--side', 'dest')).map(({ deleted, error }) => deleted ?? error?.code)
}

test('a value that was put is taken back, though it is neither as long nor as old as the record says', async () => {
  const directory = await directoryWith({ a: '1' })
  expect(await putAndTakenBack(directory, {})).toEqual(['dest'])
  expect(await filesIn(directory)).toEqual({ a: '1' })
})

test('a value that was put has no source to delete, and is not counted as deleted', async () => {
  const directory = await directoryWith({ a: '1' })
  const put = { store: `file:${directory}/`, key: 'a', to: 'b', op: 'put', value: '1' }
  const run = await remove(`${JSON.stringify({ ...put, outcome: 'done', verified: true, proof: 'bytes' })}\n`)
  expect(run.stderr).toContain('1 done before')
  expect(await filesIn(directory)).toEqual({ a: '1' })
})

test('a value that was put and has changed since is not taken back', async () => {
  const [directory, other] = [await directoryWith({ a: '1' }), await directoryWith({})]
  const edit = () => writeFile(join(other, 'put'), 'longer than BEFORE')
  expect(await putAndTakenBack(directory, { toStore: `file:${other}/` }, edit)).toEqual(['E_CHANGED'])
})

describe('Redis', () => {
  const location = redisDatabase('delete-apply')
  const redis = new Redis(location)
  beforeEach(async () => void (await redis.flushdb()))
  afterAll(() => redis.disconnect())

  const verdict = async () =>
    (await runTool('verify', { stdin: JSON.stringify({ store: location, key: 'from', to: 'to' }) })).stdout

  test.each([
    ['holds another value', ['HSET', 'to', 'f', 'x'], 'has changed'],
    ['is of another type', ['SET', 'to', 'v'], 'has changed'],
    ['expires', ['PEXPIREAT', 'to', '4000000000000'], 'expires sooner'],
    ['has gone', ['DEL', 'to'], 'is not there any more'],
  ])('a source stays whose copy %s since it was proven', async (_, [command = '', ...words], why) => {
    await redis.hset('from', { f: 'v' })
    await redis.copy('from', 'to')
    const lines = await verdict()
    await redis.call(command, ...words)
    expect(recordsOf(await remove(lines, '-n'))).toMatchObject([{ outcome: 'failed', error: { code: 'E_UNPROVEN' } }])
    const run = await remove(lines)
    expect(recordsOf(run)).toMatchObject([{ error: { code: 'E_UNPROVEN', message: expect.stringContaining(why) } }])
    expect(run.code).toBe(1)
    expect(await redis.hgetall('from')).toEqual({ f: 'v' })
  })

  test('a value that was put is taken back', async () => {
    const directory = await directoryWith({ a: '1' })
    expect(await putAndTakenBack(directory, { toStore: location })).toEqual(['dest'])
    expect(await redis.exists('put')).toBe(0)
  })

  describe('proven byte by byte', () => {
    const provenBytes = async (record: Record<string, string>) => {
      const copied = await runTool('copy-apply', { stdin: JSON.stringify(record) })
      return (await runTool('verify', { args: ['--proof', 'bytes'], stdin: copied.stdout })).stdout
    }

    test.each([
      ['a source', []],
      ['a copy', ['--side', 'dest']],
    ])('%s goes', async (_, args) => {
      await redis.hset('from', { f: 'v' })
      const run = await remove(await provenBytes({ store: location, key: 'from', to: 'to' }), ...args)
      expect(recordsOf(run)).toMatchObject([{ proof: 'bytes', outcome: 'done' }])
      expect(await redis.exists('from', 'to')).toBe(1)
    })

    test('a file stays whose copy holds another value since', async () => {
      const directory = await directoryWith({ a: '1' })
      const [listed] = recordsOf(await runTool('list-keys', { args: [directory] }))
      const lines = await provenBytes({ ...listed, to: 'to', toStore: location })
      await redis.set('to', '2')
      expect(recordsOf(await remove(lines))).toMatchObject([{ outcome: 'failed', error: { code: 'E_UNPROVEN' } }])
      expect(await filesIn(directory)).toEqual({ a: '1' })
    })

    test('a key stays whose copy in a file is cut short since', async () => {
      const directory = await directoryWith({})
      await redis.set('from', 'v')
      const lines = await provenBytes({ store: location, key: 'from', to: 'to', toStore: `file:${directory}/` })
      await writeFile(join(directory, 'to'), '')
      expect(recordsOf(await remove(lines))).toMatchObject([{ outcome: 'failed', error: { code: 'E_UNPROVEN' } }])
      expect(await redis.get('from')).toBe('v')
    })

    test('a copy in a file goes', async () => {
      const directory = await directoryWith({})
      await redis.set('from', 'v')
      const lines = await provenBytes({ store: location, key: 'from', to: 'to', toStore: `file:${directory}/` })
      expect(recordsOf(await remove(lines, '--side', 'dest'))).toMatchObject([{ deleted: 'dest' }])
    })
  })

  test('the source of a merge stays, and it is said what to do', async () => {
    await redis.hset('from', { f: 'v', g: '1' })
    await redis.hset('to', { f: 'other' })
    const merged = await runTool('copy-apply', {
      args: ['--if-exists', 'merge'],
      stdin: JSON.stringify({ store: location, key: 'from', to: 'to' }),
    })
    const run = await remove((await runTool('verify', { stdin: merged.stdout })).stdout)
    expect(recordsOf(run)).toMatchObject([
      { verified: true, error: { code: 'E_UNPROVEN', message: expect.stringContaining('delete it by hand') } },
    ])
    expect(await redis.hgetall('from')).toEqual({ f: 'v', g: '1' })
  })

  test('a source goes whose copy expires with it, or later', async () => {
    await redis.call('SET', 'from', 'v', 'PXAT', '4000000000000')
    await redis.copy('from', 'to')
    const lines = await verdict()
    await redis.persist('to')
    expect(recordsOf(await remove(lines, '-n'))).toMatchObject([{ outcome: 'planned' }])
    await redis.pexpireat('to', 4_000_000_000_000)
    expect(recordsOf(await remove(lines))).toMatchObject([{ outcome: 'done', deleted: 'source' }])
  })
})
