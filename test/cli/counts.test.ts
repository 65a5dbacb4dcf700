/** What a tool says on stderr, and how it ends: counts that add up, --log json, --quiet, --fail-fast, --max-errors. */
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { recordsOf, runShell, runTool } from '../run-tool.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
const line = (record: object) => `${JSON.stringify(record)}\n`
const skipped = line({ key: 'a', outcome: 'skipped', reason: 'exists' })
const failed = line({ key: 'b', outcome: 'failed', error: { code: 'E_NAME', message: 'm', retryable: false } })
const unknown = line({ key: 'c', outcome: 'unknown', error: { code: 'E_UNANSWERED', message: 'm', retryable: false } })
const differs = line({ key: 'd', outcome: 'done', verified: false, differs: ['size'] })

describe('exit code and counts', () => {
  test.each<[string, string, string, number, RegExp]>([
    ['nothing at all', 'verify', '', 0, /^verify: 0 records in [\d.]+ s\n$/],
    ['empty lines', 'verify', '\n\n', 0, /^verify: 0 records in [\d.]+ s\n$/],
    ['one that is settled', 'copy-apply', skipped, 0, /^copy-apply: 1 record in [\d.]+ s: 1 skipped\n$/],
    [
      'one that an earlier tool has failed',
      'copy-apply',
      skipped + failed,
      1,
      /: 2 records in .* s: 1 failed, 1 skipped\n$/,
    ],
    ['one that is unknown', 'copy-apply', unknown, 1, /: 1 unknown\n$/],
    ['one that differs', 'delete-apply', differs, 1, /^delete-apply: 1 record /],
    ['one that is no record', 'copy-apply', 'x\n', 1, /: 1 record in .* s: 1 failed\n$/],
    ['thousands', 'copy-apply', skipped.repeat(12_345), 0, /: 12,345 records in .* s: 12,345 skipped\n$/],
  ])('%s', async (_name, tool, stdin, code, stderr) => {
    const run = await runTool(tool, { stdin })
    expect(run).toMatchObject({ code, stderr: expect.stringMatching(stderr) })
  })

  test('--quiet says nothing but errors', async () => {
    for (const flag of ['--quiet', '-q']) {
      expect(await runTool('copy-apply', { args: [flag], stdin: failed })).toMatchObject({ code: 1, stderr: '' })
    }
    const wrong = await runTool('copy-apply', { args: ['--quiet', '--lmit'] })
    expect(wrong.stderr).toContain('--lmit')
  })

  test('a listing of a type that no key has is told from one that is mistyped', async () => {
    await mkdir(`${directory}/typed`)
    const list = (type: string) => runTool('list-keys', { args: ['--type', type, `${directory}/typed`] })
    expect(await list('hash')).toMatchObject({ code: 0, stderr: expect.not.stringContaining('--type') })
    const mistyped = 'has no key of type "fiel"; usual are file, symlink, string'
    expect(await list('fiel')).toMatchObject({ code: 0, stderr: expect.stringContaining(mistyped) })
  })

  test('the counts of each tool of a pipeline are the records that went through it', async () => {
    await mkdir(`${directory}/keys`)
    await Promise.all(Array.from({ length: 25 }, (_, at) => writeFile(`${directory}/keys/${at}.json`, `${at}`)))
    const run = await runShell(
      `list-keys --log json keys | rewrite-keys --log json --sub 's/^1/x/' |
        copy-apply --log json | verify --log json | delete-apply --log json`,
      { cwd: directory },
    )
    const counted = run.stderr
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text))
    expect(counted.map(({ tool }) => tool).sort()).toEqual([
      'copy-apply',
      'delete-apply',
      'list-keys',
      'rewrite-keys',
      'verify',
    ])
    for (const { counts, level, at, ms, message } of counted) {
      const { total, ...words } = counts
      expect({ level, total }).toEqual({ level: 'info', total: 25 })
      expect(Object.values<number>(words).reduce((sum, count) => sum + count, 0)).toBe(25)
      expect([new Date(at).toISOString(), typeof ms]).toEqual([at, 'number'])
      expect(message).toMatch(/^25 records in /)
    }
    expect(recordsOf(run)).toHaveLength(25)
  })
})

describe('--fail-fast and --max-errors end with 3', () => {
  const bad = (lines: number) => 'x\n'.repeat(lines)
  test.each<[string, string[], string, number, RegExp]>([
    ['the first failure', ['--fail-fast'], skipped + bad(1), 3, /stopped after 1 failures?\. To go on: /],
    ['the Nth failure', ['--max-errors', '3'], bad(3), 3, /stopped after 3 failures\. To go on: /],
    ['fewer than N', ['--max-errors', '4'], bad(3), 1, /: 3 records/],
    ['failures of an earlier tool do not count', ['--fail-fast'], failed + unknown, 1, /: 2 records/],
  ])('%s', async (_name, args, stdin, code, stderr) => {
    const run = await runTool('copy-apply', { args, stdin })
    expect(run).toMatchObject({ code, stderr: expect.stringMatching(stderr) })
  })

  test('the intake stops: an endless input ends', async () => {
    const run = await runShell('yes x | copy-apply --fail-fast > /dev/null')
    expect(run.code).toBe(3)
  })
})

describe('records from files', () => {
  const write = (name: string, text: string) => writeFile(`${directory}/${name}`, text)

  test('one after the other, and one without a last newline does not run into the next', async () => {
    await write('a.ndjson', skipped.trimEnd())
    await write('b.ndjson', skipped)
    await write('empty.ndjson', '')
    const run = await runTool('verify', { args: ['a.ndjson', 'empty.ndjson', 'b.ndjson'], cwd: directory })
    expect(run).toMatchObject({ code: 0, stdout: skipped + skipped })
  })

  test('line numbers count on through the files', async () => {
    await write('c.ndjson', `${skipped}x\n`)
    await write('d.ndjson', 'y')
    const run = await runTool('verify', { args: ['c.ndjson', 'd.ndjson', 'c.ndjson'], cwd: directory })
    expect(recordsOf(run).map(({ error }) => error?.line)).toEqual([undefined, 2, 3, undefined, 5])
  })

  test('from a named pipe, which can be opened only once', async () => {
    await write('e.ndjson', skipped)
    const run = await runShell('mkfifo pipe; cat e.ndjson > pipe & verify pipe', { cwd: directory })
    expect(run).toMatchObject({ code: 0, stdout: skipped })
  })

  test('from the substitution of a process', async () => {
    const run = await runShell('verify <(cat e.ndjson) <(cat e.ndjson)', { cwd: directory })
    expect(run).toMatchObject({ code: 0, stdout: skipped + skipped })
  })
})
