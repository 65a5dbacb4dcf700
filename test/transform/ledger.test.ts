/** The ledger says of any plan what plain maps say that hold all of it. */
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { openScratch } from '../../src/cli/scratch.ts'
import type { Key } from '../../src/record/key.ts'
import { keyText } from '../../src/record/key.ts'
import type { Scratch } from '../../src/stage/stage.ts'
import { Ledger } from '../../src/transform/ledger.ts'
import type { Renaming } from '../../src/transform/renaming.ts'
import { SPILL_BYTES } from '../../src/transform/spill.ts'
import type { Policy, Verdict } from '../../src/transform/verdict.ts'
import { judgeNext, judgeWhole, POLICIES, UNKNOWN_RANK } from '../../src/transform/verdict.ts'

interface Move {
  readonly store: string
  readonly key: Key
  readonly toStore: string
  readonly to: Key
  readonly rank: number
}

/** What becomes of each move: while the plan is read, and when all of it is known. */
interface Words {
  readonly streaming: readonly string[]
  readonly whole: readonly string[]
}

const STORES = ['', 'redis://localhost:6379/0']
const KEYS: readonly Key[] = ['a', 'b', 'c', 'd', 'e', 'ab']
const ODD_KEYS: readonly Key[] = [
  'é',
  'e\u0301',
  '鍵',
  '😀',
  'a\0',
  'a\0\0\0',
  `${'long'.repeat(16)}`,
  `${'long'.repeat(16)}!`,
  `${'länger'.repeat(500)}`,
  Buffer.from([0xff]),
  Buffer.from([0xff, 0]),
  Buffer.alloc(100, 0xfe),
]
/** Two of them fill a block, and sixty of them more than what stays in memory. */
const VAST_KEYS: readonly Key[] = ['a', 'b', 'ä', 'c'].map((letter) => letter.repeat(20_000) + letter)
const RENAMING: Renaming = { from: 'jöb:', to: 'step:' }
/** What the renaming takes, what it makes, and what it has nothing to do with. */
const RENAMED_KEYS: readonly Key[] = [
  ...['', 'a', 'b', 'step:a', '😀'].flatMap((rest) => [RENAMING.from + rest, RENAMING.to + rest]),
  'jö',
  'a',
  Buffer.from(`${RENAMING.to}\xff`, 'latin1'),
]

let scratches: Scratch[] = []
afterEach(() => {
  scratches = []
})

describe.each(POLICIES)('--on-collision %s', (policy) => {
  test.each([
    ['a few keys', KEYS, 60, 300],
    ['odd keys', ODD_KEYS, 60, 200],
    ['keys that go to the scratch file and are read back', VAST_KEYS, 120, 12],
  ])('%s', async (_, keys, maxLength, numRuns) => {
    await fc.assert(
      fc.asyncProperty(movesOf(keys, maxLength), batchSizes, async (moves, sizes) => {
        expect(await ledgerWords(moves, sizes, policy)).toEqual(plainWords(moves, policy))
      }),
      { numRuns },
    )
  })

  test('many short keys, more than stay in memory', async () => {
    const keys = Array.from({ length: 60_000 }, (_, number) => `indexes/domains/${number}.json`)
    const moves = manyMoves(keys, 40_000)
    expect(await ledgerWords(moves, [1000, 1, 333], policy)).toEqual(plainWords(moves, policy))
    expect(scratchBytes()).toBeGreaterThan(SPILL_BYTES)
  })

  test.each([
    ['a renaming, and other moves between its keys', 1],
    ['a renaming alone', 0],
  ])('%s', async (_, others) => {
    const moves = fc.array(fc.oneof({ arbitrary: renamedMove, weight: 3 }, { arbitrary: anyMove, weight: others }), {
      maxLength: 60,
      size: 'max',
    })
    await fc.assert(
      fc.asyncProperty(moves, batchSizes, async (moves, sizes) => {
        expect(await ledgerWords(moves, sizes, policy, RENAMING)).toEqual(plainWords(moves, policy))
      }),
      { numRuns: 400 },
    )
  })

  test('many keys of a renaming, more than stay in memory', async () => {
    const keys = Array.from({ length: 30_000 }, (_, number) => `jöb:${number}`)
    const moves = [...keys, ...keys.slice(0, 100)].map((key) => moveBy(RENAMING, key))
    const mixed = [...moves, ...manyMoves([...keys, ...keys.map((key) => renamed(RENAMING, key))], 20_000), ...moves]
    expect(await ledgerWords(mixed, [1000, 1, 333], policy, RENAMING)).toEqual(plainWords(mixed, policy))
    expect(scratchBytes()).toBeGreaterThan(SPILL_BYTES)
  })
})

test('the vast keys do go to a scratch file', async () => {
  const keys = VAST_KEYS as readonly string[]
  const moves = keys.flatMap((key) =>
    Array.from({ length: 10 }, (_, number) => ({ store: '', key: key + number, toStore: '', to: `${key}!`, rank: 0 })),
  )
  expect(await ledgerWords(moves, [7], 'first')).toEqual(plainWords(moves, 'first'))
  expect(scratchBytes()).toBeGreaterThan(SPILL_BYTES)
})

test('a small plan opens no scratch file', async () => {
  await ledgerWords([{ store: '', key: 'a', toStore: '', to: 'b', rank: 0 }], [1], 'fail')
  expect(scratches).toEqual([])
})

test('at most 16 bytes a move and two megabytes, at any size', async () => {
  const bytesAMove = await memoryOf(new Ledger(openScratch), (ledger, key, to) => ledger.enter('', key, '', to, 0))
  expect(Math.max(...bytesAMove)).toBeGreaterThan(12)
  expect(Math.max(...bytesAMove)).toBeLessThanOrEqual(16)
})

test('at most 10 bytes a move of a renaming, and 16 where others come behind', async () => {
  const renaming = { from: 'job:', to: 'step:' }
  const bytesAMove = await memoryOf(new Ledger(openScratch, renaming), (ledger, key) => ledger.enterRenamed('', key, 0))
  expect(Math.max(...bytesAMove)).toBeGreaterThan(6)
  expect(Math.max(...bytesAMove)).toBeLessThanOrEqual(10)
  const mixed = await memoryOf(new Ledger(openScratch, renaming), (ledger, key, to, nth) =>
    nth < 50_000 ? ledger.enterRenamed('', key, 0) : ledger.enter('', key, '', to, 0),
  )
  expect(Math.max(...mixed)).toBeLessThanOrEqual(16)
})

/** The bytes a move that a ledger holds beyond two megabytes, at many sizes up to a million. */
async function memoryOf(
  ledger: Ledger,
  enter: (ledger: Ledger, key: string, to: string, nth: number) => void,
): Promise<readonly number[]> {
  const bytesAMove: number[] = []
  for (let next = 50_000, at = 0; next <= 1_000_000; next = Math.round(next * 1.03)) {
    for (; at < next; at++) enter(ledger, `job:${at}`, `step:${at}`, at)
    expect(ledger.check()).toEqual([])
    await ledger.settle()
    bytesAMove.push(Math.max(0, ledger.tableBytes - 2 * 1024 * 1024) / next)
  }
  ledger.close()
  expect(bytesAMove.length).toBeGreaterThan(90)
  return bytesAMove
}

const batchSizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 })

const rank = fc.constantFrom(UNKNOWN_RANK, -3, -2, -1.5, 0)

/** A move that the ledger is told of by its source alone. */
const renamedMove: fc.Arbitrary<Move> = fc
  .record({ store: fc.constantFrom(...STORES), key: fc.constantFrom(...RENAMED_KEYS), rank })
  .filter(({ key }) => typeof key === 'string' && key.startsWith(RENAMING.from))
  .map(({ store, key, rank }) => ({ ...moveBy(RENAMING, key as string), store, toStore: store, rank }))

const anyMove: fc.Arbitrary<Move> = fc
  .record({
    store: fc.constantFrom(...STORES),
    key: fc.constantFrom(...RENAMED_KEYS),
    toStore: fc.constantFrom(...STORES),
    to: fc.constantFrom(...RENAMED_KEYS),
    rank,
  })
  .filter((made) => made.store !== made.toStore || made.key !== made.to)

function moveBy(renaming: Renaming, key: string): Move {
  return { store: '', key, toStore: '', to: renamed(renaming, key), rank: 0 }
}

function renamed({ from, to }: Renaming, key: string): string {
  return to + key.slice(from.length)
}

/** Moves as the stage enters them: never from a key to the same. */
function movesOf(keys: readonly Key[], maxLength: number): fc.Arbitrary<Move[]> {
  const store = fc.constantFrom(...STORES)
  const key = fc.constantFrom(...keys)
  const move = fc.record({ store, key, toStore: store, to: key, rank })
  return fc.array(
    move.filter((made) => made.store !== made.toStore || made.key !== made.to),
    { maxLength, size: 'max' },
  )
}

/** From keys to keys, so that some of everything happens; the same in every run. */
function manyMoves(keys: readonly string[], count: number): Move[] {
  let state = 1
  const next = (limit: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return Array.from({ length: count }, () => {
    const from = next(keys.length)
    const to = (from + 1 + next(keys.length - 1)) % keys.length
    return { store: '', key: keys[from] as string, toStore: '', to: keys[to] as string, rank: -next(4) }
  })
}

async function ledgerWords(
  moves: readonly Move[],
  sizes: readonly number[],
  policy: Policy,
  renaming?: Renaming,
): Promise<Words> {
  const ledger = new Ledger(async () => {
    const scratch = await openScratch()
    scratches.push(counted(scratch))
    return scratches.at(-1) as Scratch
  }, renaming)
  const streaming = moves.map(() => 'on')
  for (let at = 0, turn = 0; at < moves.length; turn++) {
    const batch = moves.slice(at, at + (sizes[turn % sizes.length] as number))
    for (const move of batch) {
      const { store, key, toStore, to } = move
      const rank = policy === 'newest' ? move.rank : 0
      const isRenamed = renaming !== undefined && toStore === store && isBy(renaming, key, to)
      if (isRenamed) ledger.enterRenamed(store, key as string, rank)
      else ledger.enter(store, key, toStore, to, rank)
    }
    for (const { index, found } of ledger.check()) {
      streaming[at + index] = wordOf(judgeNext(found, (batch[index] as Move).to, policy))
    }
    await ledger.settle()
    at += batch.length
  }
  const whole = moves.map(({ store, key, toStore, to }, at) => {
    if (streaming[at] === 'duplicate') return 'duplicate'
    return wordOf(judgeWhole(ledger.look(store, key, toStore, to), to, policy))
  })
  ledger.close()
  return { streaming: comparable(streaming, policy), whole }
}

function isBy(renaming: Renaming, key: Key, to: Key): boolean {
  return typeof key === 'string' && key.startsWith(renaming.from) && to === renamed(renaming, key)
}

/** Under `newest` nothing is judged before the whole plan is known, but for duplicates. */
function comparable(streaming: readonly string[], policy: Policy): readonly string[] {
  return policy === 'newest' ? streaming.map((word) => (word === 'duplicate' ? word : 'on')) : streaming
}

function wordOf(verdict: Verdict): string {
  if (verdict === undefined) return 'on'
  if ('skipped' in verdict) return verdict.skipped
  const { code, other, other64 } = verdict.failed
  return `${code} ${other64 === undefined ? JSON.stringify(other) : `64:${other64}`}`
}

/** The same from two maps that hold every key. */
function plainWords(moves: readonly Move[], policy: Policy): Words {
  const sources = new Map<string, Move>()
  const wanted = new Map<string, Move[]>()
  const streaming = moves.map((move) => {
    const [from, to] = [placeOf(move.store, move.key), placeOf(move.toStore, move.to)]
    if (sources.has(from)) return 'duplicate'
    const touched = sources.get(to) ?? wanted.get(from)?.[0]
    const earlier = wanted.get(to)?.[0]
    sources.set(from, move)
    wanted.set(to, [...(wanted.get(to) ?? []), move])
    if (touched !== undefined) return failed(touched)
    if (earlier === undefined) return 'on'
    return policy === 'first' ? 'collision' : failed(earlier)
  })
  const whole = moves.map((move, at) => {
    if (streaming[at] === 'duplicate') return 'duplicate'
    const to = placeOf(move.toStore, move.to)
    const moved = sources.get(to)
    if (moved !== undefined) return failed(moved)
    return contest(move, wanted.get(to) as Move[], policy)
  })
  return { streaming: comparable(streaming, policy), whole }
}

/** Which of those that want one destination has it. */
function contest(move: Move, all: readonly Move[], policy: Policy): string {
  if (all.length === 1) return 'on'
  const order = policy === 'newest' ? all.toSorted((a, b) => (a.rank === b.rank ? 0 : a.rank < b.rank ? -1 : 1)) : all
  const other = order.find((candidate) => candidate !== move) as Move
  const [best, second] = order
  if (policy === 'fail') return failed(other)
  if (policy === 'newest' && (best?.rank === UNKNOWN_RANK || best?.rank === second?.rank)) return failed(other)
  return best === move ? 'on' : 'collision'
}

function failed({ key }: Move): string {
  return `E_COLLISION ${keyText(key)}`
}

function placeOf(store: string, key: Key): string {
  return `${store} ${keyText(key)}`
}

const written = new WeakMap<Scratch, { bytes: number }>()

function counted(scratch: Scratch): Scratch {
  const count = { bytes: 0 }
  const counting: Scratch = {
    ...scratch,
    append(bytes) {
      count.bytes += bytes.length
      scratch.append(bytes)
    },
  }
  written.set(counting, count)
  return counting
}

function scratchBytes(): number {
  return scratches.reduce((sum, scratch) => sum + (written.get(scratch)?.bytes ?? 0), 0)
}
