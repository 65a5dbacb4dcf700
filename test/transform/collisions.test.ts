/**
 * rewrite-keys at the command line: moves that stand against each other, while the plan is read and with --prove.
 * A record's new key stands in its field `go`.
 */
import { describe, expect, test } from 'vitest'
import { recordsOf, runTool } from '../run-tool.ts'

type Fields = Readonly<Record<string, unknown>>

const ON = 'goes on'

describe('what becomes of each record', () => {
  test.each<[string, string, string[], string[]]>([
    ['different destinations', 'a>x b>y', [ON, ON], [ON, ON]],
    ['two sources', 'a>x b>x', [ON, 'E_COLLISION a'], ['E_COLLISION b', 'E_COLLISION a']],
    [
      'three sources',
      'a>x b>x c>x',
      [ON, 'E_COLLISION a', 'E_COLLISION a'],
      ['E_COLLISION b', 'E_COLLISION a', 'E_COLLISION a'],
    ],
    ['a chain, its end first', 'b>c a>b', [ON, 'E_COLLISION b'], [ON, 'E_COLLISION b']],
    ['a chain, its beginning first', 'a>b b>c', [ON, 'E_COLLISION a'], ['E_COLLISION b', ON]],
    ['a chain of three', 'a>b b>c c>d', [ON, 'E_COLLISION a', 'E_COLLISION b'], ['E_COLLISION b', 'E_COLLISION c', ON]],
    ['a swap', 'a>b b>a', [ON, 'E_COLLISION a'], ['E_COLLISION b', 'E_COLLISION a']],
    ['a source twice', 'a>x a>x', [ON, 'duplicate'], [ON, 'duplicate']],
    ['a source twice, to two keys', 'a>x a>y', [ON, 'duplicate'], [ON, 'duplicate']],
    ['a duplicate claims nothing', 'a>x a>y b>y', [ON, 'duplicate', ON], [ON, 'duplicate', ON]],
    ['what is unchanged claims nothing', 'a>a b>a', ['unchanged', ON], ['unchanged', ON]],
    ['what is unchanged claims nothing, listed later', 'b>a a>a', [ON, 'unchanged'], [ON, 'unchanged']],
    ['keys that begin alike', 'a>x b>xx c>xxx', [ON, ON, ON], [ON, ON, ON]],
  ])('%s: %s', async (_, moves, streaming, proven) => {
    const records = moves.split(' ').map((move) => ({ key: move.split('>')[0], go: move.split('>')[1] }))
    expect(await become(records)).toEqual(streaming)
    expect(await become(records, '--prove')).toEqual(proven)
  })

  test('a record that fails for its fields claims nothing', async () => {
    expect(await become([{ key: 'a' }, { key: 'b', go: 'a' }], '--prove')).toEqual(['E_FIELD', ON])
  })

  test('a settled record claims nothing', async () => {
    const settled = { key: 'a', go: 'x', to: 'x', outcome: 'done' }
    expect(await become([settled, { key: 'b', go: 'x' }, { key: 'c', go: 'a' }], '--prove')).toEqual(['done', ON, ON])
  })
})

describe('the error', () => {
  test('names both keys, and is nothing to try again', async () => {
    const run = await rewrite([
      { key: 'a', go: 'x' },
      { key: 'b', go: 'x' },
    ])
    expect(recordsOf(run)[1]).toEqual({
      key: 'b',
      go: 'x',
      to: 'x',
      outcome: 'failed',
      error: {
        code: 'E_COLLISION',
        message: 'the new key "x" is also wanted by "a"',
        retryable: false,
        other: 'a',
      },
    })
    expect(run.code).toBe(1)
    expect(run.stderr).toContain('2 records')
    expect(run.stderr).toContain('1 failed, 1 rewritten')
  })

  test('names a key that is no text by its bytes', async () => {
    const records = [
      { key64: '/w==', go: 'x' },
      { key: 'b', go: 'x' },
    ]
    const [, second] = recordsOf(await rewrite(records))
    expect(second.error).toMatchObject({ code: 'E_COLLISION', other64: '/w==' })
    expect(second.error).not.toHaveProperty('other')
    const [first] = recordsOf(await rewrite(records, '--prove'))
    expect(first.error).toMatchObject({ code: 'E_COLLISION', other: 'b' })
  })
})

describe('--on-collision', () => {
  const at = (key: string, day: number) => ({ key, go: 'x', mtime: `2026-01-0${day}T00:00:00.000Z` })

  test('first: the first has it, proven or not', async () => {
    const records = [at('a', 1), at('b', 3), at('c', 2)]
    for (const args of [[], ['--prove']]) {
      expect(await become(records, '--on-collision', 'first', ...args)).toEqual([ON, 'collision', 'collision'])
    }
  })

  test('first: a key that is itself to be moved stays in the way', async () => {
    const chain = [
      { key: 'b', go: 'c' },
      { key: 'a', go: 'b' },
    ]
    for (const args of [[], ['--prove']]) {
      expect(await become(chain, '--on-collision', 'first', ...args)).toEqual([ON, 'E_COLLISION b'])
    }
    expect(await become(chain, '--on-collision', 'newest')).toEqual([ON, 'E_COLLISION b'])
  })

  test.each([
    ['the newest in the middle', [at('a', 1), at('b', 3), at('c', 2)], ['collision', ON, 'collision']],
    ['the newest last', [at('a', 1), at('b', 2), at('c', 3)], ['collision', 'collision', ON]],
    [
      'two that are the newest',
      [at('a', 3), at('b', 1), at('c', 3)],
      ['E_COLLISION c', 'E_COLLISION a', 'E_COLLISION a'],
    ],
    ['two that are not the newest', [at('a', 1), at('b', 1), at('c', 3)], ['collision', 'collision', ON]],
    ['one without a time', [at('a', 1), { key: 'b', go: 'x' }], ['E_COLLISION b', 'E_COLLISION a']],
    ['alone and without a time', [{ key: 'a', go: 'x' }], [ON]],
  ])('newest: %s', async (_, records, expected) => {
    expect(await become(records, '--on-collision', 'newest')).toEqual(expected)
  })

  test('newest says why it cannot decide', async () => {
    const [first] = recordsOf(await rewrite([at('a', 1), { key: 'b', go: 'x' }], '--on-collision', 'newest'))
    expect(first.error.message).toContain('their mtimes do not say which is the newest')
  })
})

describe('stores are kept apart', () => {
  const [s, t] = ['redis://localhost:6379/0', 'redis://localhost:6379/1']

  test.each<[string, Fields[], string[]]>([
    [
      'the same keys in two stores',
      [
        { store: s, key: 'a', go: 'x' },
        { store: t, key: 'a', go: 'x' },
      ],
      [ON, ON],
    ],
    [
      'a key in the one, its name as a destination in the other',
      [
        { store: s, key: 'a', go: 'b' },
        { store: t, key: 'b', go: 'c' },
      ],
      [ON, ON],
    ],
    [
      'two stores into one',
      [
        { store: s, key: 'a', go: 'x' },
        { store: t, key: 'a', go: 'x', toStore: s },
      ],
      ['E_COLLISION a', 'E_COLLISION a'],
    ],
    [
      'a key of the other store that is in the way',
      [
        { store: s, key: 'a', go: 'a', toStore: t },
        { store: t, key: 'a', go: 'b' },
      ],
      ['E_COLLISION a', ON],
    ],
  ])('%s', async (_, records, expected) => {
    expect(await become(records, '--prove')).toEqual(expected)
  })

  test('--to-store brings two stores together', async () => {
    const records = [s, t].map((store) => ({ store, key: 'a' }))
    const run = await runTool('rewrite-keys', { args: ['--to-store', './one/'], stdin: ndjson(records) })
    expect(recordsOf(run).map(wordOf)).toEqual([ON, 'E_COLLISION a'])
  })
})

describe('many records', () => {
  const COUNT = 30_000
  const records = Array.from({ length: COUNT }, (_, number) => ({ key: `job:${number}`, go: `step:${number}` }))

  test('one pair among them is found over any distance, through the temporary file', async () => {
    const all = [{ key: 'first', go: 'same' }, ...records, { key: 'last', go: 'same' }]
    const streaming = await become(all)
    expect([streaming[0], streaming.at(-1)]).toEqual([ON, 'E_COLLISION first'])
    const proven = await become(all, '--prove')
    expect([proven[0], proven.at(-1)]).toEqual(['E_COLLISION last', 'E_COLLISION first'])
    expect(new Set([...streaming.slice(1, -1), ...proven.slice(1, -1)])).toEqual(new Set([ON]))
  })

  test('--prove prints every line as it would have been printed without', async () => {
    const [at, proven] = [await rewrite(records), await rewrite(records, '--prove')]
    expect(proven.stdout === at.stdout).toBe(true)
    expect(recordsOf(proven).length).toBe(COUNT)
  })
})

function rewrite(records: readonly Fields[], ...args: readonly string[]) {
  return runTool('rewrite-keys', { args: ['--template', '{go}', ...args], stdin: ndjson(records) })
}

async function become(records: readonly Fields[], ...args: readonly string[]): Promise<string[]> {
  return recordsOf(await rewrite(records, ...args)).map(wordOf)
}

function wordOf({ outcome, reason, error }: ReturnType<typeof recordsOf>[number]): string {
  if (outcome === 'failed') return error.other === undefined ? error.code : `${error.code} ${error.other}`
  return reason ?? outcome ?? ON
}

function ndjson(records: readonly Fields[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('')
}
