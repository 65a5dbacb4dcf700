/** copy-apply at the command line, on files. */
import { mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { directoryWith, filesIn } from '../directory.ts'
import { recordsOf, runShell, runTool } from '../run-tool.ts'

const plan = (directory: string, moves: readonly (readonly [string, string])[], fields = {}) =>
  moves.map(([key, to]) => `${JSON.stringify({ store: `file:${directory}/`, key, to, ...fields })}\n`).join('')

test.each([
  ['skip', 'old', { outcome: 'skipped', reason: 'exists' }, 0],
  ['fail', 'old', { outcome: 'failed', error: { code: 'E_EXISTS' } }, 1],
  ['overwrite', 'new', { outcome: 'done', reason: 'replaced' }, 0],
  ['newest', 'new', { outcome: 'done', reason: 'replaced' }, 0],
])('a destination that exists, with --if-exists %s', async (policy, content, expected, code) => {
  const directory = await directoryWith({ a: 'new', b: 'old' })
  await utimes(join(directory, 'b'), 1, 1)
  const run = await runTool('copy-apply', { args: ['--if-exists', policy], stdin: plan(directory, [['a', 'b']]) })
  expect(recordsOf(run)).toMatchObject([expected])
  expect(run.code).toBe(code)
  expect(await filesIn(directory)).toEqual({ a: 'new', b: content })
})

test('newest leaves a destination that is not older, and says so', async () => {
  const directory = await directoryWith({ a: 'source', b: 'newer' })
  await utimes(join(directory, 'a'), 1, 1)
  const run = await runTool('copy-apply', { args: ['--if-exists', 'newest'], stdin: plan(directory, [['a', 'b']]) })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'skipped', reason: 'not-newer' }])
  expect(await filesIn(directory)).toEqual({ a: 'source', b: 'newer' })
})

test('merge is refused before anything is written, where the store cannot', async () => {
  const directory = await directoryWith({ a: '1', b: '2' })
  const run = await runTool('copy-apply', {
    args: ['--if-exists', 'merge'],
    stdin: plan(directory, [
      ['a', 'b'],
      ['a', 'c'],
    ]),
  })
  expect(run.code).toBe(2)
  expect(run.stderr).toContain('E_UNSUPPORTED')
  expect(await filesIn(directory)).toEqual({ a: '1', b: '2' })
})

test('a dry run looks, says what it would do, and touches nothing', async () => {
  const directory = await directoryWith({ a: '1', b: '2', c: '3' })
  const run = await runTool('copy-apply', {
    args: ['-n'],
    stdin: plan(directory, [
      ['a', 'x'],
      ['b', 'c'],
      ['c', '../out'],
    ]),
  })
  expect(recordsOf(run).map(({ outcome, reason, error }) => [outcome, reason ?? error.code])).toEqual([
    ['planned', 'dry-run'],
    ['skipped', 'exists'],
    ['failed', 'E_OUTSIDE'],
  ])
  expect(await filesIn(directory)).toEqual({ a: '1', b: '2', c: '3' })
})

test('what a dry run has planned can be applied', async () => {
  const directory = await directoryWith({ a: '1' })
  const dry = await runTool('copy-apply', { args: ['-n'], stdin: plan(directory, [['a', 'b']]) })
  const run = await runTool('copy-apply', { stdin: dry.stdout })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'done' }])
  expect(run.stdout).not.toContain('dry-run')
})

test('what is settled passes through to the letter', async () => {
  const error = '"error":{"code":"E_STORE","message":"no","retryable":false}'
  const settled = ['"done"', '"skipped","reason":"exists"', `"failed",${error}`, `"unknown",${error}`]
  const lines = settled.map(
    (outcome) => `{"n":12345678901234567890, "x":1.0,"store":"nowhere:","key":"k","to":"t","outcome":${outcome}}\n`,
  )
  const run = await runTool('copy-apply', { stdin: lines.join('') })
  expect(run.stdout.split('\n').toSorted()).toEqual(lines.join('').split('\n').toSorted())
  expect(run.code).toBe(1)
})

test('each record fails alone: what it needs is missing, or its store is none', async () => {
  const directory = await directoryWith({ a: '1' })
  const lines = [
    '{"key":"a","to":"b"}',
    `{"store":"file:${directory}/","key":"a"}`,
    '{"store":"gopher://x","key":"a","to":"b"}',
    'nonsense',
  ]
  const run = await runTool('copy-apply', { stdin: `${lines.join('\n')}\n${plan(directory, [['a', 'b']])}` })
  const codes = recordsOf(run).map(({ outcome, error }) => error?.code ?? outcome)
  expect(codes.toSorted()).toEqual(['E_FIELD', 'E_FIELD', 'E_INPUT', 'E_LOCATION', 'done'])
  expect(run.code).toBe(1)
})

test('op put writes the value as it stands in the line', async () => {
  const directory = await directoryWith({})
  const store = `file:${directory}/`
  const lines = [
    `{"store":"${store}","key":"json","op":"put","value":{"n":12345678901234567890,"x":1.0}}`,
    `{"store":"${store}","key":"text","op":"put","value":"one\\n"}`,
    `{"store":"${store}","key":"bytes","op":"put","value64":"/wA="}`,
  ]
  const run = await runTool('copy-apply', { stdin: lines.join('\n') })
  expect(recordsOf(run).map((record) => record.outcome)).toEqual(['done', 'done', 'done'])
  expect(await filesIn(directory)).toMatchObject({ json: '{"n":12345678901234567890,"x":1.0}', text: 'one\n' })
  expect(await readFile(join(directory, 'bytes'))).toEqual(Buffer.from([255, 0]))
  const proven = await runTool('verify', { stdin: run.stdout })
  expect(recordsOf(proven).map((record) => record.verified)).toEqual([true, true, true])
})

test('between two directories mode and time are kept', async () => {
  const from = await directoryWith({ 'deep/a': '1' })
  const to = await directoryWith({})
  await utimes(join(from, 'deep/a'), 1_700_000_000.123, 1_700_000_000.123)
  const run = await runTool('copy-apply', { stdin: plan(from, [['deep/a', 'b']], { toStore: `file:${to}/` }) })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'done' }])
  expect((await stat(join(to, 'b'))).mtimeMs).toBeCloseTo(1_700_000_000_123, 0)
  expect(recordsOf(await runTool('verify', { stdin: run.stdout }))).toMatchObject([{ verified: true, proof: 'digest' }])
})

test('--rate holds the run back', async () => {
  const directory = await directoryWith(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`k${n}`, 'v'])))
  const moves = Array.from({ length: 30 }, (_, n) => [`k${n}`, `to/${n}`] as const)
  const run = await runTool('copy-apply', {
    args: ['--rate', '20', '--concurrency', '1'],
    stdin: plan(directory, moves),
  })
  const times = recordsOf(run).map((record) => Date.parse(record.at))
  expect(times.length).toBe(30)
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(1300)
})

test('--resume prints only what the journal does not settle; --retry renews a journal and does not go with it', async () => {
  const directory = await directoryWith({ a: '1', b: '2', 'x/in-the-way': '' })
  await mkdir(join(directory, 'work'))
  await writeFile(
    join(directory, 'work/plan'),
    plan(directory, [
      ['a', 'to/a'],
      ['b', 'x'],
      ['nothing', 'y'],
    ]),
  )
  const resume = (flags: string) =>
    runShell(`touch run; copy-apply --resume run ${flags} < plan >> run; code=$?; wc -l < run; exit $code`, {
      cwd: join(directory, 'work'),
    })
  expect((await resume('')).stdout.trim()).toBe('3')
  expect((await resume('')).stdout.trim()).toBe('3')
  expect(await resume('--retry')).toMatchObject({ code: 2, stderr: expect.stringContaining('--retry') })
})

test('a journal that settles nothing of the plan is told', async () => {
  const directory = await directoryWith({ a: '1', b: '2' })
  const work = await directoryWith({
    plan: plan(directory, [['a', 'to/a']]),
    other: plan(directory, [['b', 'to/b']]),
  })
  const run = (flags: string, from: string) => runShell(`copy-apply ${flags} < ${from} >> run`, { cwd: work })
  await run('', 'plan')
  const told = expect.stringContaining('--resume: run settles 1 record, and none of them is in this plan')
  expect(await run('--resume run', 'other')).toMatchObject({ code: 0, stderr: told })
  for (const from of ['plan', 'other', '/dev/null'])
    expect(await run('--resume run', from)).toMatchObject({ code: 0, stderr: expect.not.stringContaining('--resume') })
})

test('a journal that would be written over is left as it is', async () => {
  const directory = await directoryWith({ a: '1', plan: '' })
  const run = await runShell('touch run; copy-apply --resume run < plan > run', { cwd: directory })
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('>>') })
})

test('the intents of an earlier run are not taken for those of this one', async () => {
  const directory = await directoryWith({ a: '1' })
  const lines = plan(directory, [['a', 'b']])
  const args = ['--intents', join(directory, 'begun')]
  expect((await runTool('copy-apply', { args, stdin: lines })).code).toBe(0)
  const again = await runTool('copy-apply', { args, stdin: lines })
  expect(again).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--resume') })
})

test.each([
  ['its journal', 'copy-apply --resume begun --intents run < plan >> run'],
  ['its plan', 'copy-apply --resume run --intents plan < plan >> run'],
])('%s in the place of the intents would make ours what was there before', async (_, command) => {
  const directory = await directoryWith({ a: '1', b: '1', c: '2' })
  await writeFile(
    join(directory, 'plan'),
    plan(
      directory,
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
      { size: 1 },
    ),
  )
  await runShell('copy-apply --intents begun < plan > run', { cwd: directory })
  const before = await filesIn(directory)
  const run = await runShell(command, { cwd: directory })
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('is not what --intents has written') })
  expect(await filesIn(directory)).toEqual(before)
})

test('what rewrite-keys has refused stays refused under --retry', async () => {
  const directory = await directoryWith({ a: '1' })
  const error = { code: 'E_COLLISION', message: 'two want it', retryable: false, other: 'b' }
  const run = await runTool('copy-apply', {
    args: ['--retry'],
    stdin: plan(directory, [['a', 'b']], { outcome: 'failed', error }),
  })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'failed', error: { code: 'E_COLLISION' } }])
  expect(await filesIn(directory)).toEqual({ a: '1' })
})

test('newest replaces nothing by a value whose time cannot be read', async () => {
  const directory = await directoryWith({ a: 'there' })
  const stdin = `{"store":"file:${directory}/","key":"a","op":"put","value":"new","mtime":"yesterday"}`
  const run = await runTool('copy-apply', { args: ['--if-exists', 'newest'], stdin, records: false })
  expect(JSON.parse(run.stdout)).toMatchObject({ outcome: 'failed', error: { code: 'E_FIELD' } })
  expect(await filesIn(directory)).toEqual({ a: 'there' })
})

test.each([
  ['skip', ['done undefined', 'skipped exists']],
  ['fail', ['done undefined', 'failed E_EXISTS']],
  ['overwrite', ['done replaced', 'done undefined']],
])('two that want one destination at the same moment, with --if-exists %s', async (policy, expected) => {
  const directory = await directoryWith({ one: '1', other: '2' })
  const stdin = plan(directory, [
    ['one', 'to'],
    ['other', 'to'],
  ])
  const run = await runTool('copy-apply', { args: ['--if-exists', policy], stdin })
  const outcomes = recordsOf(run).map(({ outcome, reason, error }) => `${outcome} ${error?.code ?? reason}`)
  expect(outcomes.toSorted()).toEqual(expected)
})

test('of two that want one destination at the same moment the newest is there in the end', async () => {
  const directory = await directoryWith({ old: 'old', young: 'young' })
  await utimes(join(directory, 'old'), 1, 1)
  const moves = [
    ['old', 'to'],
    ['young', 'to'],
  ] as const
  const run = await runTool('copy-apply', { args: ['--if-exists', 'newest'], stdin: plan(directory, moves) })
  expect(run.code).toBe(0)
  expect(await filesIn(directory)).toMatchObject({ to: 'young' })
})

test('a password in a record goes no further', async () => {
  const line =
    '{"store":"redis://me:geheim@127.0.0.1:1/0","key":"a","to":"b","toStore":"redis://x:geheim@127.0.0.1:1/0"}'
  const directory = await directoryWith({})
  const run = await runTool('copy-apply', { args: ['--intents', join(directory, 'begun')], stdin: line })
  expect(recordsOf(run)).toMatchObject([
    { store: 'redis://127.0.0.1:1/0', outcome: 'failed', error: { code: 'E_LOCATION' } },
  ])
  expect(run.stdout + run.stderr + (await readFile(join(directory, 'begun'), 'utf8'))).not.toContain('geheim')
})

test('a put whose answer is lost is looked for', async () => {
  const directory = await directoryWith({})
  const stdin = `{"store":"file:${directory}/","key":"a","op":"put","value":{"n":1.0}}`
  const run = await runTool('copy-apply', { stdin, env: { REKEY_FAULTS: 'lose=1' } })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'done' }])
  expect(await filesIn(directory)).toEqual({ a: '{"n":1.0}' })
})

test('a copy that is made anew has no verdict of the old one', async () => {
  const directory = await directoryWith({ a: '1' })
  const error = { code: 'E_BUSY', message: 'later', retryable: true }
  const stdin = plan(directory, [['a', 'b']], { outcome: 'failed', error, verified: false, differs: ['missing'] })
  const run = await runTool('copy-apply', { args: ['--retry'], stdin })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'done' }])
  expect(run.stdout).not.toMatch(/verified|differs|error/)
})

test.each([[{ version: 'v1', latest: false }], [{ type: 'delete-marker' }]])(
  'what a plain read does not get is not copied, also in a line of the usual kind: %j',
  async (fields) => {
    const directory = await directoryWith({ a: 'new' })
    const stdin = `${JSON.stringify({ store: `file:${directory}/`, key: 'a', ...fields, to: 'b' })}\n`
    const run = await runTool('copy-apply', { stdin })
    expect(recordsOf(run)).toMatchObject([{ outcome: 'failed', error: { code: 'E_UNSUPPORTED' } }])
    expect(await filesIn(directory)).toEqual({ a: 'new' })
  },
)

test('a line of the usual kind and one that is parsed are settled alike', async () => {
  const directory = await directoryWith({ a: '1', b: '2' })
  const stdin = [{ size: 1 }, { size: 1, more: {} }].map(
    (fields, at) => `${JSON.stringify({ store: `file:${directory}/`, key: 'ab'[at], ...fields, to: 'xy'[at] })}\n`,
  )
  const [usual, parsed] = recordsOf(await runTool('copy-apply', { stdin: stdin.join('') }))
  expect(Object.keys(usual ?? {})).toEqual(Object.keys(parsed ?? {}).filter((name) => name !== 'more'))
  expect([usual?.outcome, parsed?.outcome]).toEqual(['done', 'done'])
})
