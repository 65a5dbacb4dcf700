/** shard-keys at the command line. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import { keyOf } from '../../../src/record/key.ts'
import { keyFields } from '../../../src/record/record.ts'
import { directoryLocation } from '../../../src/stage/plan-place.ts'
import { directoryWith, filesIn } from '../../directory.ts'
import { ROOT, recordsOf, runShell, runTool } from '../../run-tool.ts'
import { freshBucket, s3Environment, s3Server } from '../../servers/s3.ts'

const directory = await directoryWith({})
const lines = (...records: object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('')
const sixty = lines(
  ...Array.from({ length: 60 }, (_, at) => ({
    key: `k${at}`,
    size: at % 7,
    heavy: at % 7,
    value: { space: `s${at % 5}` },
  })),
)

async function shard(args: string[], stdin: string | Uint8Array = sixty) {
  return await runTool('shard-keys', { args, stdin, cwd: directory })
}

describe('one shard', () => {
  test('each line is in just one, to the letter, whatever it is', async () => {
    const anyLine = fc.oneof(
      fc.record({ key: fc.string({ unit: 'grapheme' }), n: fc.nat() }).map((record) => JSON.stringify(record)),
      fc
        .uint8Array({ minLength: 1, maxLength: 3 })
        .map((bytes) => JSON.stringify(keyFields(keyOf(Buffer.from(bytes))))),
      fc.constantFrom('{"key":"a", "outcome":"done"}', '{"n":12345678901234567890,"key":"\\u0061"}'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), async (input, of) => {
        const stdin = input.map((line) => `${line}\n`).join('')
        const runs = await Promise.all(
          Array.from({ length: of }, (_, index) => shard(['--index', `${index}`, '--of', `${of}`], stdin)),
        )
        const printed = runs.flatMap(({ stdout }) => stdout.split('\n').slice(0, -1))
        expect(printed.toSorted()).toEqual(input.toSorted())
        for (const { code } of runs) expect(code).toBe(0)
      }),
      { numRuns: 12 },
    )
  })

  test('in parts, what is settled and lacks the field is printed as it came, not failed', async () => {
    const settled =
      '{"key":"a","outcome":"done"}\n{"key":"b","outcome":"unknown","error":{"code":"E_BUSY","message":"m","retryable":true}}\n'
    for (const flag of ['--weight', '--by']) {
      const run = await shard(['--parts', '1', flag, 'lacking', '--out', `settled${flag}`], settled)
      expect(run.stdout).toBe(settled)
    }
  })

  test('counts what it leaves to the others', async () => {
    const run = await shard(['--index', '1', '--of', '3'])
    const mine = recordsOf(run).length
    expect(run.stderr).toContain(`60 records`)
    expect(run.stderr).toContain(`: ${mine} in this shard, ${60 - mine} of other shards`)
    expect(mine).toBeGreaterThan(5)
  })

  test('--by keeps together what is alike', async () => {
    const spaces = await Promise.all(
      [0, 1, 2].map(async (index) => {
        const records = recordsOf(await shard(['--index', `${index}`, '--of', '3', '--by', 'value.space']))
        return { count: records.length, spaces: [...new Set(records.map(({ value }) => value.space))] }
      }),
    )
    expect(spaces.flatMap((one) => one.spaces).toSorted()).toEqual(['s0', 's1', 's2', 's3', 's4'])
    expect(spaces.reduce((sum, { count }) => sum + count, 0)).toBe(60)
  })

  test('a record without the field fails, and a line that is none, in one shard', async () => {
    const runs = await Promise.all(
      [0, 1].map((index) =>
        shard(['--index', `${index}`, '--of', '2', '--by', 'n'], '{"key":"a"}\nx\n{"key":"b","n":1}\n'),
      ),
    )
    const records = runs.flatMap(recordsOf)
    expect(records.map(({ error }) => error?.code).toSorted()).toEqual(['E_FIELD', 'E_INPUT', undefined].toSorted())
    expect(Math.max(...runs.map(({ code }) => code ?? 9))).toBe(1)
  })

  test('| head ends it quietly', async () => {
    const run = await runShell(`yes '{"key":"a"}' | shard-keys --index 0 --of 1 | head -n 1; exit \${PIPESTATUS[1]}`)
    expect(run).toMatchObject({ code: 0, stdout: '{"key":"a"}\n' })
  })
})

describe('parts', () => {
  const parts = async (out: string, ...args: string[]) => await shard(['--out', out, ...args])

  test('the input, to the letter, and a manifest', async () => {
    const run = await parts('even', '--parts', '7')
    expect(run).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/: 60 in parts\n$/) })
    const { 'manifest.json': text = '', ...files } = await filesIn(join(directory, 'even'))
    const manifest = JSON.parse(text)
    expect(Object.keys(files).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6].map((at) => `part-000${at}.ndjson`))
    expect(Object.values(files).join('').split('\n').toSorted()).toEqual(`${sixty}`.split('\n').toSorted())
    expect(manifest).toMatchObject({ count: 60, weight: 60, createdAt: expect.stringMatching(/^20.*Z$/) })
    for (const { name, count, weight, bytes, sha256 } of manifest.parts) {
      const part = files[name] ?? ''
      expect({ count, weight, bytes, sha256 }).toEqual({
        count: part.split('\n').length - 1,
        weight: count,
        bytes: part.length,
        sha256: createHash('sha256').update(part).digest('hex'),
      })
      expect([8, 9]).toContain(count)
    }
  })

  test('of even weight, groups whole', async () => {
    await parts('groups', '--parts', '3', '--by', 'value.space', '--weight', 'size')
    const { 'manifest.json': text = '', ...files } = await filesIn(join(directory, 'groups'))
    const spaces = Object.values(files).map((part) => [
      ...new Set(recordsOf({ stdout: part }).map(({ value }) => value.space)),
    ])
    expect(spaces.flat().toSorted()).toEqual(['s0', 's1', 's2', 's3', 's4'])
    const sizes = Object.values(files).map((part) =>
      recordsOf({ stdout: part }).reduce((sum, { size }) => sum + size, 0),
    )
    expect(JSON.parse(text).parts.map(({ weight }: { weight: number }) => weight)).toEqual(sizes)
  })

  test('the same plan is known again: after the end, after a kill, and with a part that is gone', async () => {
    await parts('again', '--parts', '4')
    const place = join(directory, 'again')
    const before = await filesIn(place)
    const again = await parts('again', '--parts', '4')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('4 of 4 parts were there already') })
    expect(await filesIn(place)).toEqual(before)
    for (const gone of ['manifest.json', 'part-0003.ndjson']) rmSync(join(place, gone))
    const on = await parts('again', '--parts', '4')
    expect(on).toMatchObject({ code: 0, stderr: expect.stringContaining('3 of 4 parts were there already') })
    const { 'manifest.json': made = '', ...files } = await filesIn(place)
    expect(JSON.parse(made).parts).toEqual(JSON.parse(before['manifest.json'] ?? '').parts)
    expect({ ...files, 'manifest.json': '' }).toEqual({ ...before, 'manifest.json': '' })
  })

  test.each<[string, (place: string) => void, string]>([
    ['a finished one', () => {}, 'manifest.json'],
    ['one that was cut off', (place) => rmSync(join(place, 'manifest.json')), 'part-000'],
    ['one of more parts, cut off', (place) => rmSync(join(place, 'manifest.json')), 'part-000'],
    ['a manifest that is none', (place) => writeFileSync(join(place, 'manifest.json'), 'x'), 'manifest.json'],
  ])('another plan is never touched: %s', async (name, spoil, named) => {
    const place = join(directory, name)
    await parts(name, '--parts', name.includes('more') ? '5' : '4')
    spoil(place)
    const before = await filesIn(place)
    const run = await shard(['--out', name, '--parts', '4'], `${sixty}{"key":"another"}\n`)
    expect(run.code).toBe(3)
    expect(run.stderr).toMatch(new RegExp(`E_EXISTS: --out: ${named}.* of another plan is in file:`))
    expect(await filesIn(place)).toEqual(before)
  })

  test('where the witnesses of another plan stand nothing is written, for its parts would count as done', async () => {
    await parts('reused', '--parts', '2')
    const place = join(directory, 'reused')
    const { parts: rows } = JSON.parse(readFileSync(join(place, 'manifest.json'), 'utf8'))
    const witness = `{"part":"part-0000","outcome":"done","digest":"sha256:${rows[0].sha256}"}\n`
    writeFileSync(join(place, 'part-0000.done.json'), witness)
    for (const gone of ['manifest.json', 'part-0000.ndjson', 'part-0001.ndjson']) rmSync(join(place, gone))
    const run = await shard(['--out', 'reused', '--parts', '2'], '{"key":"another"}\n')
    expect(run).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('E_EXISTS: --out: part-0000.done.json of another'),
    })
    expect(Object.keys(await filesIn(place))).toEqual(['part-0000.done.json'])
    expect(await parts('reused', '--parts', '2')).toMatchObject({ code: 0 })
  })

  test('a journal beside the parts is none of them', async () => {
    mkdirSync(join(directory, 'beside'))
    writeFileSync(join(directory, 'beside/part-0009.journal.ndjson'), '{}')
    expect(await parts('beside', '--parts', '2')).toMatchObject({ code: 0 })
  })

  test('of nothing, and more parts than records', async () => {
    expect((await shard(['--out', 'none', '--parts', '2'], '')).code).toBe(0)
    expect(readFileSync(join(directory, 'none/part-0001.ndjson'), 'utf8')).toBe('')
    expect(JSON.parse(readFileSync(join(directory, 'none/manifest.json'), 'utf8'))).toMatchObject({
      count: 0,
      weight: 0,
    })
    await shard(['--out', 'one', '--parts', '3'], '{"key":"a"}\n')
    expect(readdirSync(join(directory, 'one'))).toHaveLength(4)
  })

  test.each<[string, string[], string, string]>([
    ['no weight', ['--weight', 'heavy'], '{"key":"x"}', 'E_FIELD'],
    ['a weight below 0', ['--weight', 'heavy'], '{"key":"x","heavy":-1}', 'E_FIELD'],
    ['a weight that is none', ['--weight', 'heavy'], '{"key":"x","heavy":"heavy"}', 'E_FIELD'],
    ['a weight without end', ['--weight', 'heavy'], '{"key":"x","heavy":1e999}', 'E_FIELD'],
    ['no group', ['--by', 'value.space'], '{"key":"x","size":1}', 'E_FIELD'],
    ['no record', [], 'x', 'E_INPUT'],
  ])('what cannot be placed is printed: %s', async (name, args, line, code) => {
    const run = await shard(['--out', `bad ${name}`, '--parts', '2', ...args], `${line}\n${sixty}`)
    expect(recordsOf(run)).toMatchObject([{ outcome: 'failed', error: { code } }])
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining(': 1 failed, 60 in parts') })
  })

  test('in a bucket, below a prefix', async () => {
    const server = await s3Server()
    const { location } = await freshBucket(server)
    const env = s3Environment(server)
    const args = ['--out', `${location}/runs/7`, '--parts', '3']
    expect(await runTool('shard-keys', { args, env, stdin: sixty })).toMatchObject({ code: 0 })
    const listed = recordsOf(await runTool('list-keys', { args: [location], env })).map(({ key }) => key)
    expect(listed).toEqual(
      ['manifest.json', 'part-0000.ndjson', 'part-0001.ndjson', 'part-0002.ndjson'].map((name) => `runs/7/${name}`),
    )
    expect(await runTool('shard-keys', { args, env, stdin: sixty })).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('3 of 3 parts were there already'),
    })
    const other = await runTool('shard-keys', { args, env, stdin: `${sixty}{"key":"x"}\n` })
    expect(other).toMatchObject({ code: 3, stderr: expect.stringContaining('runs/7/manifest.json of another plan') })
  })

  test('memory stays flat', async () => {
    const peaks = join(directory, 'peaks')
    const script = `node ${ROOT}bench/records.js 400000 | shard-keys -q --parts 64 --out large`
    const env = { NODE_OPTIONS: `--require ${ROOT}bench/peak.cjs`, PEAK_FILE: peaks }
    expect(await runShell(script, { cwd: directory, env })).toMatchObject({ code: 0 })
    const [, peak] = /shard-keys (\d+)/.exec(readFileSync(peaks, 'utf8')) ?? []
    expect(Number(peak) / 1024).toBeLessThan(160)
  })
})

describe('what is refused', () => {
  test('weights that are together beyond the numbers: no part is written', async () => {
    const directory = await directoryWith({})
    const stdin = '{"key":"a","size":1e308}\n{"key":"b","size":1e308}\n'
    const args = ['--parts', '1', '--weight', 'size', '--out', `${directory}/parts`]
    const run = await runTool('shard-keys', { args, stdin })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/E_USAGE: --weight: all weights/) })
    expect(await filesIn(directory)).toEqual({})
  })

  test.each<[string[], RegExp]>([
    [[], /give --index I --of N for one shard, or --parts N --out LOCATION/],
    [['--index', '0'], /--index needs --of/],
    [['--of', '2'], /--of needs --index/],
    [['--index', '2', '--of', '2'], /--index counts from 0, so the last of 2 is 1; 2 is none/],
    [['--index', '0', '--of', '2', '--weight', 'size'], /--weight is for --parts/],
    [['--index', '0', '--of', '2', '--out', 'x'], /--out is for --parts/],
    [['--parts', '2'], /--parts needs --out/],
    [['--parts', '2', '--out', 'x', '--index', '0'], /--index is for one shard/],
    [['--parts', '10001', '--out', 'x'], /--parts takes a whole number, 1 to 10000/],
    [['--parts', '2', '--out', 'x', '--by', 'a,'], /--by "" names no field/],
    [['--parts', '2', '--out', 'json:x.json'], /E_UNSUPPORTED: --out: .* cannot hold parts/],
  ])('%j', async (args, message) => {
    expect(await shard(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
  })

  test('a location that names nothing is not made the root of the file system', () => {
    expect(['', 'file:', 'FILE:', 'parts', 'file:.', 's3://b/p/'].map(directoryLocation)).toEqual([
      '',
      'file:',
      'FILE:',
      'parts/',
      'file:./',
      's3://b/p/',
    ])
  })

  test('a database holds no parts: none are put among its keys', async () => {
    const run = await shard(['--parts', '2', '--out', `${inject('redis')}/0`])
    expect(run).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/E_UNSUPPORTED: --out: redis:.* cannot hold parts/),
    })
  })
})
