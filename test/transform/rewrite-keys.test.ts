/** rewrite-keys at the command line: what its flags make of a record, and what they leave alone. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { rulesText } from '../../src/transform/rules/rules.ts'
import { standstill } from '../cli/processes.ts'
import { directoryWith } from '../directory.ts'
import type { ToolRun } from '../run-tool.ts'
import { recordsOf, runTool, startTool, toEnd } from '../run-tool.ts'

const DOMAIN = '{"store":"file:/d/","key":"d/EXAMPLE-com.json","value":{"domain":"Example.com"}}'

describe('a flag makes of this key that one', () => {
  test.each<[string, string[], string, object]>([
    ['--sub', ['--sub', 's/^job:/step:/'], '{"key":"job:1"}', { to: 'step:1' }],
    ['--sub that adds what JSON escapes', ['--sub', 's/^a/"\\n\\\\/'], '{"key":"ab"}', { to: '"\n\\b' }],
    ['--sub on a key that JSON escapes', ['--sub', 's/^a/c/'], '{"key":"a\\"\\u0001"}', { to: 'c"\u0001' }],
    [
      '--sub on a key beyond ASCII',
      ['--sub', 's/$/\u00fc/'],
      '{"key":"\u00e9\u{1f600}"}',
      { to: '\u00e9\u{1f600}\u00fc' },
    ],
    ['two --sub, in order', ['--sub', 's/a/b/', '--sub', 's/b/c/'], '{"key":"a"}', { to: 'c' }],
    ['two --sub, the other way round', ['--sub', 's/b/c/', '--sub', 's/a/b/'], '{"key":"a"}', { to: 'b' }],
    ['--rule on the whole key', ['--rule', 'lower'], '{"key":"D/A.JSON"}', { to: 'd/a.json' }],
    ['--rule on the name alone', ['--rule', 'slugify'], '{"key":"D/A & B.JSON"}', { to: 'D/a-b.JSON' }],
    ['--rule by the body', ['--rule', 'dedash'], DOMAIN, { to: 'd/Example.com.json' }],
    ['two --rule, in order', ['--rule', 'dedash', '--rule', 'lower'], DOMAIN, { to: 'd/example.com.json' }],
    ['--template', ['--template', 'i/{value.domain|slugdotify}'], DOMAIN, { to: 'i/example.com' }],
    ['--to-store', ['--to-store', 'redis://other/1'], '{"key":"a"}', { to: 'a', toStore: 'redis://other:6379/1' }],
    ['--to-store, a bucket', ['--to-store', 's3://bucket/'], '{"key":"a"}', { to: 'a', toStore: 's3://bucket' }],
    [
      '--to-store and a new key',
      ['--to-store', '/x', '--sub', 's/a/b/'],
      '{"key":"a"}',
      { to: 'b', toStore: 'file:/x/' },
    ],
    ['a plan goes on from its new key', ['--sub', 's/b/c/'], '{"key":"a","to":"b"}', { key: 'a', to: 'c' }],
    ['a template is for bytes too', ['--template', 'b/{n}'], '{"key64":"/w==","n":7}', { key64: '/w==', to: 'b/7' }],
  ])('%s', async (_, args, line, expected) => {
    const run = await rewrite(args, `${line}\n`)
    expect(recordsOf(run)).toEqual([{ ...JSON.parse(line), ...expected }])
    expect({ code: run.code, stderr: run.stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^rewrite-keys: 1 record in .*: 1 rewritten\n$/),
    })
  })

  test('map, template, sub, rule: this order, whatever theirs', async () => {
    const directory = await directoryWith({ 'map.ndjson': '{"key":"a","to":"Mapped"}\n' })
    const flags = [
      ['--rule', 'lower'],
      ['--sub', 's/(Mapped)-T/$1-SUB/'],
      ['--template', '{key}-T'],
      ['--map', join(directory, 'map.ndjson')],
    ]
    for (const order of [flags, flags.toReversed()]) {
      expect(recordsOf(await rewrite(order.flat(), '{"key":"a"}'))).toEqual([{ key: 'a', to: 'mapped-sub' }])
    }
  })
})

describe('what is not to be touched', () => {
  test('unknown fields, numbers, spelling and order leave to the letter', async () => {
    const line = '{"zone":"\\u00e9", "n":12345678901234567890,"key":"a","m":1.50,"deep":{"to":"x"} }'
    const run = await rewrite(['--sub', 's/a/b/'], `${line}\n`)
    expect(run.stdout).toBe(`${line.slice(0, -1)},"to":"b"}\n`)
  })

  test.each([
    ['planned', '', 0],
    ['done', '', 0],
    ['skipped', ',"reason":"exists"', 0],
    ['failed', ',"error":{"code":"E_BUSY","message":"m","retryable":true}', 1],
    ['unknown', ',"error":{"code":"E_UNANSWERED","message":"m","retryable":true}', 1],
  ])('a record that is %s, to the letter', async (outcome, why, code) => {
    const line = `{"key":"a", "to":"old" ,"outcome":"${outcome}"${why}}\n`
    for (const args of [[], ['--prove'], ['--to-store', '/x']]) {
      expect(await rewrite(['--sub', 's/^/new-/', ...args], line)).toMatchObject({ stdout: line, code })
    }
  })

  test('a record whose key stays is skipped, and says so', async () => {
    const run = await rewrite(['--sub', 's/x/y/'], '{"key":"a"}\n')
    expect(run.stdout).toBe('{"key":"a","outcome":"skipped","reason":"unchanged"}\n')
    expect(run.code).toBe(0)
  })

  test('a plan that leads back to the key loses its new key', async () => {
    const run = await rewrite(['--sub', 's/b/a/'], '{"key":"a","to":"b","n":1}\n')
    expect(run.stdout).toBe('{"key":"a","n":1,"outcome":"skipped","reason":"unchanged"}\n')
  })

  test('--to-store with the store of the record is no other store', async () => {
    const run = await rewrite(['--to-store', '/d'], '{"store":"file:/d/","key":"a"}\n')
    expect(recordsOf(run)).toMatchObject([{ outcome: 'skipped', reason: 'unchanged' }])
    const back = await rewrite(['--to-store', '/d'], '{"store":"file:/d/","key":"a","to":"b","toStore":"file:/e/"}\n')
    expect(recordsOf(back)).toEqual([{ store: 'file:/d/', key: 'a', to: 'b' }])
  })
})

describe('a record for which there is no new key fails, and the run goes on', () => {
  test.each<[string, string[], string, string]>([
    ['an empty key, by --sub', ['--sub', 's/.*//'], '{"key":"a"}', 'the new key is empty'],
    ['an empty key, by --template', ['--template', ''], '{"key":"a"}', 'the new key is empty'],
    ['a name that a rule takes away', ['--rule', 'slugify'], '{"key":"d/--.json"}', 'rule slugify leaves nothing'],
    ['a missing field', ['--template', '{value.domain}'], '{"key":"a"}', 'list with list-keys --values'],
    ['a body that does not fit', ['--rule', 'dedash'], '{"key":"a","value":{"domain":"b.c"}}', 'rule dedash'],
    ['bytes under --sub', ['--sub', 's/a/b/'], '{"key64":"/w=="}', 'give its new key by --map'],
    ['bytes under --rule', ['--rule', 'lower'], '{"key64":"/w=="}', 'give its new key by --map'],
    ['half a character', ['--sub', 's/^.//'], '{"key":"😀"}', 'give --sub the flag u'],
  ])('%s', async (_, args, line, message) => {
    const run = await rewrite(
      [...args, '--sub', 's/^good$/better/'],
      `${line}\n{"key":"good","value":{"domain":"good"}}\n`,
    )
    const [first, ...rest] = recordsOf(run)
    expect(first).toEqual({
      ...JSON.parse(line),
      outcome: 'failed',
      error: { code: 'E_FIELD', message: expect.stringContaining(message), retryable: false },
    })
    expect(rest.length).toBe(1)
    expect(run.code).toBe(1)
  })

  test('a line that is no record comes out as a failure and claims nothing', async () => {
    const run = await rewrite(['--sub', 's/^/x/', '--prove'], 'nonsense\n{"key":"a"}\n')
    expect(recordsOf(run)).toMatchObject([{ outcome: 'failed', error: { code: 'E_INPUT', line: 1 } }, { to: 'xa' }])
    expect(run.code).toBe(1)
  })

  test('--fail-fast stops at the first', async () => {
    const run = await rewrite(['--sub', 's/.*//', '--fail-fast'], '{"key":"a"}\n{"key":"b"}\n')
    expect(run.code).toBe(3)
  })
})

describe('--map', () => {
  test.each([
    ['NDJSON', 'map.ndjson', '{"key":"a","to":"b"}\n{"key64":"/w==","to":"text"}\n{"key":"t","to64":"/v4="}\n'],
    ['a plan, whatever was settled', 'plan', '{"key":"a","to":"b","size":1}\n{"key":"z","outcome":"skipped"}\n'],
    ['CSV', 'map.csv', 'a,b\n'],
    ['CSV with a header, quotes and an empty line', 'map.CSV', 'key,to\r\n"a","b"\r\n\r\n"x,""1""",y\r\n'],
    ['the same row twice', 'map.csv', 'a,b\na,b\n'],
  ])('%s', async (_, name, content) => {
    const run = await rewriteByMap(name, content, '{"key":"a"}\n{"key":"other"}\n')
    expect(recordsOf(run)).toEqual([
      { key: 'a', to: 'b' },
      { key: 'other', outcome: 'skipped', reason: 'unchanged' },
    ])
  })

  test.each([
    ['a line of Windows behind others', 'a,b\nother,c\r\n'],
    ['a line of Unix behind those of Windows', 'a,b\r\nother,c\n'],
    ['quotes', '"a","b"\n"other","c"\r\n'],
  ])('CSV with %s: no ending becomes a part of a key', async (_, content) => {
    const run = await rewriteByMap('map.csv', content, '{"key":"a"}\n{"key":"other"}\n')
    expect(recordsOf(run)).toEqual([
      { key: 'a', to: 'b' },
      { key: 'other', to: 'c' },
    ])
  })

  test('gives bytes a new key, and text a key of bytes', async () => {
    const map = '{"key64":"/w==","to64":"/v4="}\n{"key64":"/v8=","to":"text"}\n{"key":"t","to64":"/w=="}\n'
    const run = await rewriteByMap('map.ndjson', map, '{"key64":"/v8="}\n{"key":"t"}\n')
    expect(recordsOf(run)).toEqual([
      { key64: '/v8=', to: 'text' },
      { key: 't', to64: '/w==' },
    ])
    expect(recordsOf(await rewriteByMap('map.ndjson', map, '{"key64":"/w=="}\n'))).toEqual([
      { key64: '/w==', to64: '/v4=' },
    ])
  })

  test.each([
    ['no row', 'map.ndjson', 'nonsense\n', ''],
    ['no key', 'map.ndjson', '{"key":"a","to":"b"}\n{"to":"b"}\n', 'row 2: no field "key"'],
    ['no new key', 'map.ndjson', '{"key":"a"}\n', 'row 1: "a" has no field "to"'],
    ['two new keys', 'map.csv', 'key,to\na,b\n\na,c\n', 'line 4: "a" has two new keys, "b" and "c"'],
    ['an empty new key', 'map.csv', 'a,\n', 'line 1: an empty key'],
    ['one column', 'map.csv', 'a,b\na\n', 'line 2: a row must have two columns'],
    ['three columns', 'map.csv', 'a,b,c\n', 'line 1: a row must have two columns'],
    ['a quote that is not closed', 'map.csv', '"a,b\n', ''],
    ['bytes that are no text', 'map.csv', Buffer.from([0x61, 0x2c, 0xff, 0x0a]), ''],
  ])('is an error with %s', async (_, name, content, problem) => {
    const run = await rewriteByMap(name, content, '{"key":"a"}\n')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(/E_USAGE: --map \S+map\.(csv|ndjson): /)
    expect(run.stderr).toContain(problem)
  })

  test('is an error with a file that is not there', async () => {
    const run = await rewrite(['--map', '/nowhere/map.csv'], '{"key":"a"}\n')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('--map: cannot read /nowhere/map.csv: there is no such file')
  })
})

describe('--changed-only', () => {
  test('prints new keys and failures, and counts everything', async () => {
    const lines = [
      '{"key":"a"}',
      '{"key":"same"}',
      '{"key64":"/w=="}',
      '{"key":"s","outcome":"skipped","reason":"exists"}',
    ]
    const run = await rewrite(['--sub', 's/^a/b/', '--changed-only'], `${lines.join('\n')}\n`)
    expect(recordsOf(run)).toMatchObject([
      { key: 'a', to: 'b' },
      { key64: '/w==', outcome: 'failed' },
    ])
    expect(run.stderr).toMatch(/4 records in .*: 1 failed, 1 rewritten, 2 skipped\n$/)
    expect(run.code).toBe(1)
  })

  test('with --prove too', async () => {
    const run = await rewrite(['--sub', 's/^a/b/', '--changed-only', '--prove'], '{"key":"same"}\n{"key":"a"}\n')
    expect(run.stdout).toBe('{"key":"a","to":"b"}\n')
    expect(run.stderr).toMatch(/2 records in .*: 1 rewritten, 1 skipped\n$/)
  })
})

describe('--prove', () => {
  test('a failure that came with its record does not stop the run, one of its own does', async () => {
    const came = '{"key":"a","outcome":"failed","error":{"code":"E_BUSY","message":"m","retryable":true}}\n'
    const flags = ['--sub', 's/^/x/', '--prove', '--fail-fast']
    expect(await rewrite(flags, `${came}{"key":"b"}\n`)).toMatchObject({
      code: 1,
      stdout: `${came}{"key":"b","to":"xb"}\n`,
    })
    expect(await rewrite(flags, `${came}{"key64":"/w=="}\n`)).toMatchObject({ code: 3 })
  })

  test('stopped before the whole plan is read, it prints nothing, and says so', async () => {
    const child = startTool('rewrite-keys', { args: ['--sub', 's/a/b/', '--prove'] })
    const ended = toEnd(child)
    child.stdin?.write('{"key":"a"}\n')
    await standstill([child.pid ?? 0])
    child.kill('SIGINT')
    const run = await ended
    expect(run).toMatchObject({ code: 130, stdout: '' })
    expect(run.stderr).toContain('none of it is proven and none of it was printed')
  })
})

describe('a wrong command is exit 2, names the flag and reads nothing', () => {
  test.each<[string, string[], string]>([
    ['nothing to do', [], 'Give --sub, --rule, --template, --map or --to-store'],
    ['a prefix of a bucket', ['--to-store', 's3://bucket/a/'], 'a key is the whole key of a bucket'],
    ['only --prove', ['--prove'], 'Give --sub, --rule, --template, --map or --to-store'],
    ['a broken --sub', ['--sub', 's/(/b/'], '--sub "s/(/b/": '],
    ['a second --sub that is broken', ['--sub', 's/a/b/', '--sub', 'a'], '--sub "a": '],
    ['an unknown --rule', ['--rule', 'upper'], '--rule: there is no rule "upper"'],
    ['a broken --template', ['--template', '{'], '--template "{": '],
    [
      'an unknown rule in --template',
      ['--template', '{key|upper}'],
      '--template "{key|upper}": there is no rule "upper"',
    ],
    [
      'an unknown --on-collision',
      ['--sub', 's/a/b/', '--on-collision', 'last'],
      '--on-collision takes one of fail, first, newest',
    ],
  ])('%s', async (_, args, message) => {
    const run = await rewrite(args, '{"key":"a"}\n')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('E_USAGE')
    expect(run.stderr).toContain(message)
  })

  test.each([
    ['csv:x.csv', 'csv'],
    ['resid://host/0', 'resid'],
    ['https://host/x', 'https'],
    ['constructor:x', 'constructor'],
  ])('--to-store %s, where no store is', async (location, scheme) => {
    const run = await rewrite(['--to-store', location], '{"key":"a"}\n')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(`E_LOCATION: no store is called "${scheme}:"; there are file, redis,`)
  })

  test('--to-store with a store that is only read', async () => {
    const run = await rewrite(['--to-store', 'json:x.json'], '{"key":"a"}\n')
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('E_UNSUPPORTED: --to-store json:'),
    })
  })

  test.each([
    'redis://:geheim@other:6379/0',
    'rediss://user:geheim@other/0',
    'redis://geheim@other/0',
    'redis+cluster://user:geheim@other/',
    'redis://other/0?password=geheim',
    'foo://user:geheim@other/',
  ])('--to-store with a secret: %s', async (location) => {
    const run = await rewrite(['--to-store', location], '{"key":"a"}\n')
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain('--to-store: a user name, password or token may not stand in a record')
    expect(run.stderr).not.toContain('geheim')
  })
})

test('--list-rules prints every rule with its table, and reads no stdin', async () => {
  const run = await runTool('rewrite-keys', { args: ['--list-rules'], stdin: neverEnding(), records: false })
  expect(run).toMatchObject({ code: 0, stdout: rulesText(), stderr: '' })
})

function rewrite(args: readonly string[], stdin: string): Promise<ToolRun> {
  return runTool('rewrite-keys', { args, stdin })
}

async function rewriteByMap(name: string, content: string | Buffer, stdin: string): Promise<ToolRun> {
  const path = join(await directoryWith({}), name)
  await writeFile(path, content)
  return rewrite(['--map', path], stdin)
}

/** A stdin that stays open: who waits for its end waits for ever. No generator, which could not be left while it waits. */
function neverEnding(): AsyncIterable<string> {
  const pieces = ['{"key":"a"}\n']
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: pieces.pop() ?? (await new Promise<never>(() => {})) }),
      return: async () => ({ done: true, value: undefined }),
    }),
  }
}
