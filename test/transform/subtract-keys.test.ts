/** subtract-keys at the command line: what is left, by which fields, and what counts as done. */
import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareKeys, keyOf } from '../../src/record/key.ts'
import { keyFields } from '../../src/record/record.ts'
import { directoryWith } from '../directory.ts'
import { recordsOf, runShell, runTool } from '../run-tool.ts'

const directory = await directoryWith({
  'data/a': '{"lat":30.2,"phrase":"dentist"}',
  'data/b/c': '{"lat":"30.2","phrase":"florist"}',
  'data/d': 'plain',
  'copied/b/c': '',
  'done.ndjson': '{"key":"b"}\n{"key":"d"}\n',
  'done.json': '["b","d"]',
})
const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')
const keyed = (...keys: string[]) => lines(...keys.map((key) => ({ key })))
const keysOf = (run: { readonly stdout: string }) => recordsOf(run).map(({ key }) => key)

async function subtract(args: string[], stdin: string) {
  return await runTool('subtract-keys', { args, stdin, cwd: directory })
}

describe('what is left', () => {
  test.each<[string, string[]]>([
    ['a file of records', ['--done', 'done.ndjson']],
    ['a JSON file', ['--done', 'json:done.json']],
    ['by merge', ['--done', 'done.ndjson', '--sorted']],
  ])('%s', async (_, args) => {
    const run = await subtract(args, keyed('a', 'b', 'c', 'd', 'e'))
    expect(run).toMatchObject({ code: 0, stdout: keyed('a', 'c', 'e') })
    expect(run.stderr).toMatch(/^subtract-keys: 5 records in .*: 2 done before, 3 pending\n$/)
  })

  test.each([[[]], [['--sorted']]])('a store is listed %j', async (flags) => {
    const run = await runShell(`list-keys -q data | subtract-keys --done copied ${flags.join(' ')} | jq -r .key`, {
      cwd: directory,
    })
    expect(run).toMatchObject({ code: 0, stdout: 'a\nd\n' })
  })

  test('several sources, a pipe among them', async () => {
    for (const sorted of ['', '--sorted']) {
      const script = `subtract-keys -q ${sorted} --done copied --done <(printf '{"key":"c"}\\n{"key":"e"}\\n') --done done.ndjson`
      const run = await runShell(script, { cwd: directory, stdin: keyed('a', 'b', 'b/c', 'c', 'd', 'e', 'f') })
      expect(run).toMatchObject({ code: 0, stdout: keyed('a', 'f') })
    }
  })

  test('lines leave to the letter', async () => {
    const line = '{"n":12345678901234567890, "key":"\\u0061","m":1.50 }\n'
    expect((await subtract(['--done', 'done.ndjson'], line)).stdout).toBe(line)
  })

  test('what has an outcome passes through, and what is no record fails', async () => {
    const settled = lines({ key: 'b', outcome: 'done' })
    const run = await subtract(['--done', 'done.ndjson'], `${settled}x\n`)
    expect(run.code).toBe(1)
    expect(run.stdout.startsWith(settled)).toBe(true)
    expect(recordsOf(run)[1]).toMatchObject({ outcome: 'failed', error: { code: 'E_INPUT', line: 2 } })
  })

  test('--mark-done prints what is done too', async () => {
    const run = await subtract(['--done', 'done.ndjson', '--mark-done'], keyed('a', 'b'))
    expect(recordsOf(run)).toEqual([{ key: 'a' }, { key: 'b', outcome: 'skipped', reason: 'done-before' }])
    expect(run.stderr).toMatch(/: 1 pending, 1 skipped\n$/)
  })

  test('nothing done leaves all; an empty input is none', async () => {
    writeFileSync(`${directory}/none`, '')
    expect(await subtract(['--done', 'none'], keyed('a', 'b'))).toMatchObject({ code: 0, stdout: keyed('a', 'b') })
    expect(await subtract(['--done', 'none', '--sorted'], keyed('a'))).toMatchObject({ code: 0, stdout: keyed('a') })
    expect(await subtract(['--done', 'done.ndjson'], '')).toMatchObject({ code: 0, stdout: '' })
  })

  test('| head ends it quietly', async () => {
    const run = await runShell(
      `yes '{"key":"a"}' | subtract-keys --done done.ndjson | head -n 1; exit \${PIPESTATUS[1]}`,
      {
        cwd: directory,
      },
    )
    expect(run).toMatchObject({ code: 0, stdout: '{"key":"a"}\n' })
  })
})

describe('what counts as done in a journal', () => {
  test.each<[object, boolean]>([
    [{}, true],
    [{ to: 'x' }, true],
    [{ outcome: 'done' }, true],
    [{ outcome: 'done', verified: true }, true],
    [{ outcome: 'done', verified: false, differs: ['size'] }, false],
    [{ outcome: 'skipped', reason: 'exists' }, true],
    [{ outcome: 'skipped', reason: 'unchanged' }, true],
    [{ outcome: 'skipped', reason: 'gone' }, true],
    [{ outcome: 'skipped', reason: 'done-before' }, true],
    [{ outcome: 'skipped', reason: 'collision' }, false],
    [{ outcome: 'skipped', reason: 'not-verified' }, false],
    [{ outcome: 'planned', reason: 'dry-run' }, false],
    [{ outcome: 'failed', error: { code: 'E_BUSY', message: 'm', retryable: true } }, false],
    [{ outcome: 'unknown', error: { code: 'E_UNANSWERED', message: 'm', retryable: false } }, false],
  ])('%j: %s', async (fields, isDone) => {
    writeFileSync(`${directory}/journal`, lines({ key: 'a', ...fields }))
    expect((await subtract(['--done', 'journal'], keyed('a'))).stdout).toBe(isDone ? '' : keyed('a'))
  })

  test('one that failed first and was done later', async () => {
    const error = { code: 'E_BUSY', message: 'm', retryable: true }
    writeFileSync(`${directory}/journal`, lines({ key: 'a', outcome: 'failed', error }, { key: 'a', outcome: 'done' }))
    expect((await subtract(['--done', 'journal'], keyed('a'))).stdout).toBe('')
  })

  test('a line that is none, or torn, counts as nothing, and is told', async () => {
    writeFileSync(`${directory}/journal`, '{"key":"b"}\nx\n{"key":"a')
    const run = await subtract(['--done', 'journal'], keyed('a', 'b'))
    expect(run).toMatchObject({ code: 0, stdout: keyed('a') })
    expect(run.stderr).toContain(
      '--done journal: 2 of its lines are no records, the first is line 2; they count as nothing',
    )
  })
})

test('a line that an earlier tool could not read is told of without the number that it had there', async () => {
  writeFileSync(
    `${directory}/journal`,
    `{"key":"b"}\n{"outcome":"failed","error":${JSON.stringify({ code: 'E_INPUT', line: 9, message: 'm', retryable: false })},"input":"x"}\n`,
  )
  const run = await subtract(['--done', 'journal'], keyed('a'))
  expect(run.stderr).toContain('--done journal: 1 of its lines are no records; they count as nothing')
})

describe('a --done that is not what it should be', () => {
  test.each([
    ['a file of which no line is a record', 'key,to\na,b\n', 'none of its 2 lines is a record'],
    ['a file of one line that is none', 'key\n', 'its only line is no record'],
  ])('%s ends with 2: all would be pending', async (_, text, says) => {
    writeFileSync(`${directory}/table.csv`, text)
    const run = await subtract(['--done', 'table.csv'], keyed('a'))
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(`E_USAGE: --done table.csv: ${says}`)
  })

  test.each([
    ['an empty file', ''],
    ['a journal that was killed over its first line', '{"key":"a","outco'],
  ])('%s says that nothing is done', async (_, text) => {
    writeFileSync(`${directory}/journal`, text)
    expect(await subtract(['--done', 'journal'], keyed('a'))).toMatchObject({ code: 0, stdout: keyed('a') })
  })

  test('a name that nothing has', async () => {
    const run = await subtract(['--done', 'TYPO.ndjson'], keyed('a'))
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('E_LOCATION: --done TYPO.ndjson: there is no file and no directory of that name')
  })
})

describe('--on', () => {
  const target = { key: '1', value: { lat: 30.2, lon: -97.7, phrase: 'dentist' } }
  test.each<[string, string, object, object, boolean]>([
    ['parts that are alike', 'value.lat,value.lon,value.phrase', target, { ...target, key: 'x' }, true],
    [
      'one that differs',
      'value.lat,value.phrase',
      target,
      { key: '1', value: { lat: 30.2, phrase: 'florist' } },
      false,
    ],
    ['a number and its text', 'value.lat', target, { key: 'x', value: { lat: '30.2' } }, true],
    ['parts are not run together', 'a,b', { key: '1', a: 'x1', b: 'y' }, { key: '1', a: 'x', b: '1y' }, false],
    ['another name on the other side', 'key=to', { key: 'a' }, { key: 'b', to: 'a' }, true],
    ['the key named', 'key,n', { key: 'a', n: 1 }, { key: 'a', n: 1 }, true],
    ['true is text', 'n', { key: 'a', n: true }, { key: 'b', n: 'true' }, true],
    ['a done record without the field', 'n', { key: 'a', n: 1 }, { key: 'a' }, false],
  ])('%s', async (_, on, input, done, isDone) => {
    writeFileSync(`${directory}/parts`, lines(done))
    const run = await subtract(['--done', 'parts', '--on', on], lines(input))
    expect(run).toMatchObject({ code: 0, stdout: isDone ? '' : lines(input) })
  })

  test('numbers by their value, also beyond 2^53', async () => {
    writeFileSync(`${directory}/parts`, '{"key":"1","n":30.20}\n{"key":"2","n":12345678901234567890}\n')
    const run = await subtract(
      ['--done', 'parts', '--on', 'n'],
      '{"key":"a","n":3.02e1}\n{"key":"b","n":12345678901234567890}\n{"key":"c","n":12345678901234567891}\n',
    )
    expect(keysOf(run)).toEqual(['c'])
  })

  test('fields of a listing are its values', async () => {
    const stdin = lines({ key: '1', lat: 30.2, phrase: 'florist' }, { key: '2', lat: 30.2, phrase: 'x' })
    const run = await subtract(['--done', 'data', '--on', 'lat=value.lat,phrase=value.phrase'], stdin)
    expect(keysOf(run)).toEqual(['2'])
    expect(run.stderr).toContain('1 of its records lack value.lat, value.phrase; they count as nothing')
  })

  test('a record without the field fails', async () => {
    const run = await subtract(['--done', 'done.ndjson', '--on', 'value.lat=key'], keyed('a'))
    expect(recordsOf(run)).toMatchObject([{ key: 'a', outcome: 'failed', error: { code: 'E_FIELD' } }])
    expect(run.code).toBe(1)
  })
})

describe('what is refused', () => {
  test.each<[string, string[], RegExp, number]>([
    ['no --done', [], /E_USAGE: what is done\?/, 2],
    ['an empty field', ['--done', 'x', '--on', 'key,'], /--on "" names no field/, 2],
    ['two =', ['--done', 'x', '--on', 'a=b=c'], /more than one =/, 2],
    ['an order of several', ['--done', 'x', '--on', 'a,b', '--sorted'], /--sorted is for one field/, 2],
    ['a store that is not there', ['--done', 'no'], /E_LOCATION: .*no/, 2],
    ['a store in no order', ['--done', 'json:done.json', '--sorted'], /--sorted: .* lists in no order/, 2],
    ['a field that no listing has', ['--done', 'data', '--on', 'to'], /--on to: a listing has key, value/, 2],
    ['a listing that breaks off', ['--done', 'json:data/d'], /E_INPUT: .* is not JSON/, 3],
  ])('%s', async (_, args, message, code) => {
    const run = await subtract(args, '')
    expect(run).toMatchObject({ stdout: '', code: code === 3 ? 3 : 2, stderr: expect.stringMatching(message) })
  })

  test.each([
    ['the input', keyed('b', 'a'), /--sorted: the input has "a" behind "b"/, keyed('b')],
    ['--done', keyed('a', 'b', 'x'), /--sorted: --done unsorted has "c" behind "d"/, ''],
  ])('an order that is not kept, in %s', async (where, stdin, message, printed) => {
    writeFileSync(`${directory}/unsorted`, keyed('d', 'c'))
    const run = await subtract(['--done', where === '--done' ? 'unsorted' : 'none', '--sorted'], stdin)
    expect(run).toMatchObject({ code: 3, stdout: printed, stderr: expect.stringMatching(message) })
  })
})

test('it is the difference of two sets, for any keys, by merge as by fingerprints', async () => {
  const anyKey = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }).filter((key) => key.isWellFormed()),
    fc.uint8Array({ minLength: 1, maxLength: 3 }).map((bytes) => keyOf(Buffer.from(bytes))),
    fc.constantFrom('a', '\uffff', '😀', 'b'),
  )
  const anyKeys = fc.array(anyKey, { maxLength: 30 }).map((keys) => keys.toSorted(compareKeys))
  await fc.assert(
    fc.asyncProperty(anyKeys, anyKeys, async (targets, done) => {
      const texts = (keys: typeof targets) => keys.map((key) => JSON.stringify(keyFields(key)))
      writeFileSync(`${directory}/any`, texts(done).join('\n'))
      const doneTexts = new Set(texts(done))
      const expected = texts(targets).filter((text) => !doneTexts.has(text))
      const stdin = texts(targets).join('\n')
      const printed = await Promise.all([[], ['--sorted']].map((flags) => subtract(['--done', 'any', ...flags], stdin)))
      for (const { stdout } of printed) expect(stdout).toBe(expected.map((text) => `${text}\n`).join(''))
    }),
    { numRuns: 25 },
  )
})
