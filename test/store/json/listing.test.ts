/** JSON files at the command line: what list-keys makes of each form, and what ends a listing. */
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { openJson } from '../../../src/store/json/json-store.ts'
import { directoryWith } from '../../directory.ts'
import { ROOT, recordsOf, runShell, runTool } from '../../run-tool.ts'
import { surroundings } from '../file/open-store.ts'

const signal = new AbortController().signal
const directory = await directoryWith({
  'object.json': '{"instanceId":1,"customers":["did:a","did:b"],"createdAt":"2026-01-01"}',
  'array.json': '[\n  "did:a",\n  "did:b"\n]\n',
  'lines.ndjson': '"did:a"\n"did:b"\n',
  'lines.json': '"did:a"\r\n"did:b"',
  'marked.json': '\ufeff["did:a","did:b"]',
  'rows.json': '{"customers":[{"id":"did:a","n":1},{"id":"did:b","n":[2,{"x":null}]}],"n":2}',
  'rows.ndjson': '{"id":"did:a","n":1}\n\n{"n":[2,{"x":null}],"id":"did:b"}\n',
  'deep.json': '{"x":{"customers":{"customers":{"customers":7}}},"a":[1],"d":{"customers":["did:a","did:b"]}}',
  'empty.json': '',
  'none.json': '{"customers":[]}',
})

async function list(location: string, ...flags: string[]) {
  return await runTool('list-keys', { args: [...flags, `json:${location}`], cwd: directory })
}

describe('the same customers in every form', () => {
  test.each([
    'object.json',
    'object.json#customers',
    'array.json',
    'lines.ndjson',
    'lines.json',
    'marked.json',
    'rows.json#customers/id',
    'rows.json#/id',
    'rows.ndjson#/id',
    'deep.json#d.customers',
  ])('%s', async (location) => {
    const run = await list(location)
    const store = `json:${directory}/${location}`
    expect(recordsOf(run)).toEqual(['did:a', 'did:b'].map((key) => ({ store, key })))
    expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^list-keys: 2 records in .*: 2 listed\n$/) })
  })

  test.each(['empty.json', 'none.json', 'none.json#customers', 'none.json#/id'])('%s has none', async (location) => {
    expect(await list(location)).toMatchObject({ code: 0, stdout: '' })
  })

  test('from a pipe', async () => {
    const run = await runShell('list-keys -q json:<(cat object.json)#customers | jq -r .key', { cwd: directory })
    expect(run).toMatchObject({ code: 0, stdout: 'did:a\ndid:b\n' })
  })

  test('from a pipe that would have to be read twice it lists none, rather than some', async () => {
    // Lines of a power of two: a second reading would find whole ones, and the first would lack them.
    const line = `{"id":"'$i'","pad":"${'x'.repeat(104)}"}`
    const lines = `for i in $(seq 10001 15000); do echo '${line}'; done`
    const run = await runShell(`list-keys json:<(${lines})#/id`, { cwd: directory })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('cannot be read twice') })
  })
})

describe('values', () => {
  test('are the elements', async () => {
    const values = recordsOf(await list('rows.ndjson#/id', '--values')).map(({ value }) => value)
    expect(values).toEqual([
      { id: 'did:a', n: 1 },
      { n: [2, { x: null }], id: 'did:b' },
    ])
  })

  test('have their numbers, to the letter where a double does not hold them', async () => {
    writeFileSync(
      `${directory}/numbers.ndjson`,
      '{"id":12345678901234567890,"n":[9007199254740993,-0.1,1.50,1e400,3e2,123456789012345.678]}\n7\n1.0\n',
    )
    const run = await list('numbers.ndjson#/id', '--values')
    expect(recordsOf(run).map(({ key }) => key)).toEqual(['12345678901234567890', '7', '1.0'])
    expect(run.stdout).toContain('"n":["9007199254740993",-0.1,1.5,"1e400",300,"123456789012345.678"]')
    expect(run.stdout).toContain('"id":"12345678901234567890"')
  })

  test('any array of any elements comes out as JSON.parse has it, however the file is cut into chunks', async () => {
    const path = join(directory, 'any.json')
    const store = await openJson(`json:${path}#a.b/k.y`, STORE_DEFAULTS, surroundings())
    const element = fc.record({
      k: fc.record({ x: fc.jsonValue(), y: fc.string({ unit: 'grapheme' }) }),
      v: fc.jsonValue(),
    })
    const elements = fc.uniqueArray(element, { selector: ({ k }) => k.y, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(elements, fc.jsonValue(), fc.nat(70_000), async (rows, other, padding) => {
        const pad = 'é'.repeat(padding)
        writeFileSync(
          path,
          JSON.stringify({ pad, b: other, a: { z: { b: other }, b: rows, c: [other] } }, null, padding % 3),
        )
        const found = []
        for await (const batch of store.list({ values: true }, signal)) found.push(...batch)
        expect(found).toEqual(rows.map((row) => ({ key: row.k.y, value: { value: JSON.parse(JSON.stringify(row)) } })))
      }),
      { numRuns: 60 },
    )
  })
})

describe('which array', () => {
  test.each<[string, string, RegExp, number]>([
    ['several', 'deep.json', /which array\? Name one behind the file: #a, #d\.customers$/m, 2],
    [
      'a number',
      'deep.json#x.customers.customers.customers',
      /x\.customers\.customers\.customers is a number, not an/,
      2,
    ],
    ['an object on the way that is none', 'deep.json#a.b', /a is an array, not an object/, 2],
    ['one that is not there', 'deep.json#d.b', /has no #d\.b/, 2],
    ['an object where it should be', 'rows.json#n', /n is a number, not an array/, 2],
    ['no member named', 'rows.json', /element 1 is an object: name the member that is its key/, 2],
    ['a file that is not there', 'no.json', /there is no file/, 2],
    ['a directory', '.', /is a directory/, 2],
  ])('%s', async (_, location, message, code) => {
    const run = await list(location)
    expect(run).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
  })
})

describe('what ends a listing, after what came before', () => {
  test.each<[string, string, string[], RegExp]>([
    ['cut off in an array', '["a","b"', ['a', 'b'], /E_INPUT: .* is not JSON: line 1, column 9: /],
    ['cut off in text', '"a"\n"b', ['a'], /E_INPUT: .* line 2, column 3: /],
    ['no JSON', '[\n"a",\n x]', [], /E_INPUT: .* line 3, column 2: /],
    ['another value behind the array', '["a"]["b"]', [], /E_LOCATION: .* another value stands behind the first/],
    ['an element without a key', '["a",null,"b"]', ['a'], /E_FIELD: .* element 2 is null: a key is text, a number/],
    [
      'a member that is not there',
      '[{"id":"a"},{"d":"b"}]',
      ['a'],
      /E_FIELD: .* element 2 has no id that is text or a/,
    ],
    ['a key that is an object', '[{"id":"a"},{"id":{"id":"b"}}]', ['a'], /E_FIELD: .* element 2 has no id that is/],
    ['a key that stands twice', '["a",{"id":"a","id":"b"}]', ['a'], /E_FIELD: .* has the member "id" twice/],
    ['half a surrogate pair', '["a","\\ud800"]', ['a'], /E_FIELD: .* half a surrogate pair/],
    ['an array twice', '{"x":["a"],"x":["b"]}', [], /E_LOCATION: .* which array\? .* #x, #x/],
  ])('%s', async (_, text, keys, message) => {
    writeFileSync(`${directory}/bad.json`, text)
    const run = await list('bad.json#/id')
    expect(recordsOf(run).map(({ key }) => key)).toEqual(keys)
    expect(run.stderr).toMatch(message)
    expect(run.code).toBe(message.source.startsWith('E_LOCATION') ? 2 : 3)
  })

  test('bytes that are not UTF-8, by their number', async () => {
    writeFileSync(
      `${directory}/latin.json`,
      Buffer.concat([Buffer.from(`["${'é'.repeat(50_000)}","caf`), Buffer.from([0xe9, 0x22, 0x5d])]),
    )
    expect(await list('latin.json')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('byte 100009 is not UTF-8'),
    })
  })

  test('a member that stands twice is lost to nobody who wants the value', async () => {
    writeFileSync(`${directory}/twice.json`, '[{"id":"a","n":1,"n":2}]')
    expect(await list('twice.json#/id')).toMatchObject({ code: 0 })
    const run = await list('twice.json#/id', '--values')
    expect(run).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('has the member "n" twice') })
  })

  test('a value that is nested too deep, by its element; its key is listed', async () => {
    writeFileSync(`${directory}/deep.json`, `["a",{"id":"b","n":${'['.repeat(9000)}${']'.repeat(9000)}}]`)
    const run = await list('deep.json#/id', '--values')
    expect(recordsOf(run).map(({ key }) => key)).toEqual(['a'])
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('E_FIELD') })
    expect(run.stderr).toContain('element 2 is nested more than 1000 deep')
    expect(recordsOf(await list('deep.json#/id')).map(({ key }) => key)).toEqual(['a', 'b'])
  })

  test('a member of a broken object behind the array', async () => {
    writeFileSync(`${directory}/tail.json`, '{"x":["a"],"y":}')
    const run = await list('tail.json#x')
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('line 1, column 16') })
  })
})

test('a key that comes again is left out, and is said to be', async () => {
  writeFileSync(`${directory}/again.json`, '["a","b","a","b"]')
  const run = await list('again.json')
  expect(recordsOf(run).map(({ key }) => key)).toEqual(['a', 'b'])
  expect(run.stderr).toContain('2 elements have a key that came before and was left out; the first is element 3, "a"')
})

test('--match, --limit and --after', async () => {
  expect(recordsOf(await list('array.json', '--match', '*b'))).toMatchObject([{ key: 'did:b' }])
  expect(recordsOf(await list('array.json', '--limit', '1'))).toMatchObject([{ key: 'did:a' }])
  expect(await list('array.json', '--after', 'a')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--after'),
  })
  expect(await list('array.json', '--type', 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('--type') })
})

test('stat tells which are there', async () => {
  const store = await openJson(`json:${directory}/array.json`, STORE_DEFAULTS, surroundings())
  expect(await store.stat(['did:b', 'x', 'did:a'], signal)).toEqual([{ key: 'did:b' }, undefined, { key: 'did:a' }])
})

test('a file of 150 MB takes no more memory than a small one', async () => {
  const path = join(directory, 'large.json')
  const skipped = `{"n":[1,2,"${'x'.repeat(1000)}"]},`.repeat(1000)
  async function* text() {
    yield '{"skipped":['
    for (let at = 0; at < 75; at++) yield skipped
    yield '0],"customers":["did:a"'
    for (let at = 0; at < 75; at++) yield `,{"id":"${at}","text":"${'y'.repeat(1_000_000)}"}`
    yield ']}'
  }
  await pipeline(Readable.from(text()), createWriteStream(path))
  const peaks = join(directory, 'peaks')
  const env = { NODE_OPTIONS: `--require ${ROOT}bench/peak.cjs`, PEAK_FILE: peaks }
  const run = await runTool('list-keys', { args: [`json:${path}#customers/id`], env })
  expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('76 listed') })
  expect(Number(/ (\d+)/.exec(readFileSync(peaks, 'utf8'))?.[1]) / 1024).toBeLessThan(160)
})
