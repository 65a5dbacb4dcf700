import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Key } from '../../../src/record/key.ts'
import { compareKeys } from '../../../src/record/key.ts'
import type { Entry } from '../../../src/store/contract.ts'
import type { Cursor, Page } from '../../../src/store/s3/range-listing.ts'
import { listRanges } from '../../../src/store/s3/range-listing.ts'

/** A bucket that holds these keys, each in so many versions, and gives `pageSize` entries a page. */
class Bucket {
  readonly #entries: readonly Entry[]
  readonly #pageSize: number
  readonly #delay: () => number
  requests = 0
  inFlight = 0
  mostInFlight = 0

  constructor(keys: readonly Key[], pageSize: number, delay: () => number = () => 0, versions = 1) {
    const sorted = [...new Set(keys)].sort(compareKeys)
    this.#entries = sorted.flatMap((key) =>
      Array.from({ length: versions }, (_, nth): Entry => (versions === 1 ? { key } : { key, version: String(nth) })),
    )
    this.#pageSize = pageSize
    this.#delay = delay
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  async fetch(prefix: string, cursor: Cursor | undefined): Promise<Page> {
    this.requests++
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight)
    for (let turns = this.#delay(); turns > 0; turns--) await new Promise(setImmediate)
    this.inFlight--
    const mine: Entry[] = []
    for (let at = this.#firstBehind(cursor); at < this.#entries.length && mine.length <= this.#pageSize; at++) {
      const entry = this.#entries[at] as Entry
      if (String(entry.key).startsWith(prefix)) mine.push(entry)
    }
    const entries = mine.slice(0, this.#pageSize)
    const last = entries.at(-1)
    const page = { keys: entries.map(({ key }) => key), entries: () => entries }
    if (mine.length <= this.#pageSize || last === undefined) return page
    const next = { key: last.key, ...(last.version === undefined ? {} : { version: last.version }) }
    return { ...page, next }
  }

  #firstBehind(cursor: Cursor | undefined): number {
    let low = 0
    let high = this.#entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBehind(this.#entries[middle] as Entry, cursor)) high = middle
      else low = middle + 1
    }
    return low
  }

  async list(options: { prefix?: string; after?: Key; width?: number } = {}): Promise<Entry[]> {
    const { prefix = '', after, width = 16 } = options
    const listed: Entry[] = []
    const listing = {
      prefix,
      ...(after === undefined ? {} : { after }),
      width: () => width,
      fetch: (cursor: Cursor | undefined) => this.fetch(prefix, cursor),
    }
    for await (const entries of listRanges(listing)) listed.push(...entries)
    return listed
  }
}

function isBehind(entry: Entry, cursor: Cursor | undefined): boolean {
  if (cursor === undefined) return true
  const order = compareKeys(entry.key, cursor.key)
  return order > 0 || (order === 0 && cursor.version !== undefined && Number(entry.version) > Number(cursor.version))
}

const letter = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'0123456789abcf') },
  { weight: 2, arbitrary: fc.constantFrom('/', '-', '.', '~', ' ', 'Z', 'z') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\u0001', '\u007f', 'é', '\ud7ff', '\ue000', '\uffee', '\u{10000}', '😀', '\u{10ffff}'),
  },
)
const word = fc.array(letter, { minLength: 1, maxLength: 8 }).map((letters) => letters.join(''))
const begun = fc
  .tuple(fc.constantFrom('', 'a/', 'data/2026/01/', '😀/', 'job:'), word)
  .map(([start, rest]) => start + rest)
const keys = fc.oneof(
  fc.uniqueArray(begun, { maxLength: 400 }),
  fc
    .uniqueArray(fc.integer({ min: 0, max: 99_999 }), { maxLength: 400 })
    .map((all) => all.map((n) => `k-${String(n).padStart(6, '0')}`)),
  fc.uniqueArray(fc.uuid(), { maxLength: 400 }),
)

describe('every key once, in order', () => {
  test('for any keys, pages and delays', async () => {
    await fc.assert(
      fc.asyncProperty(
        keys,
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 40 }),
        fc.infiniteStream(fc.nat(6)),
        async (all, pageSize, width, delays) => {
          const bucket = new Bucket(all, pageSize, () => delays.next().value as number)
          expect(await bucket.list({ width })).toEqual(bucket.entries)
          expect(bucket.mostInFlight).toBeLessThanOrEqual(width)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('with a prefix, behind a key', async () => {
    await fc.assert(
      fc.asyncProperty(keys, fc.constantFrom('', 'a/', 'k-0', '😀'), fc.option(begun), async (all, prefix, after) => {
        const bucket = new Bucket(all, 7)
        const expected = bucket.entries.filter(
          ({ key }) => String(key).startsWith(prefix) && (after === null || compareKeys(key, after) > 0),
        )
        expect(await bucket.list({ prefix, ...(after === null ? {} : { after }) })).toEqual(expected)
      }),
      { numRuns: 200 },
    )
  })

  test('with versions that go over the end of a page', async () => {
    await fc.assert(
      fc.asyncProperty(
        keys,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 2, max: 12 }),
        async (all, size, versions) => {
          const bucket = new Bucket(all.slice(0, 100), size, () => 0, versions)
          expect(await bucket.list()).toEqual(bucket.entries)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('also keys that are no text', async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => Buffer.from([byte, 0xff]))
    const bucket = new Bucket(bytes, 10)
    expect(await bucket.list()).toEqual(bucket.entries)
  })
})

const numbers = Array.from({ length: 20_000 }, (_, n) => `obj-${String(n).padStart(9, '0')}`)
const scattered = numbers.map((_, n) => (((n * 2_654_435_761) % 2 ** 32) >>> 0).toString(16).padStart(8, '0'))
const folders = numbers.map(
  (name, n) => `logs/2026/${String((n % 12) + 1).padStart(2, '0')}/host-${n % 7}/${name}.json`,
)
const sorted = numbers.map((_, n) => `${'x'.repeat(200)}/${n}`)

/** Rounds of requests that a listing of 200 pages takes: what it costs where each answer takes long. */
async function roundsOf(keys: readonly string[], width = 16): Promise<{ rounds: number; requests: number }> {
  let rounds = 0
  let waiting: Array<() => void> = []
  const bucket = new Bucket(keys, 100)
  const answer = () =>
    new Promise<void>((resolve) => {
      if (waiting.length === 0) setImmediate(release)
      waiting.push(resolve)
    })
  const release = () => {
    rounds++
    const now = waiting
    waiting = []
    for (const go of now) go()
  }
  const listing = {
    prefix: '',
    width: () => width,
    fetch: async (cursor: Cursor | undefined) => {
      await answer()
      return bucket.fetch('', cursor)
    },
  }
  let count = 0
  for await (const entries of listRanges(listing)) count += entries.length
  expect(count).toBe(keys.length)
  return { rounds, requests: bucket.requests }
}

describe('pages are fetched side by side', () => {
  test.each([
    ['numbers behind a common beginning', numbers, 40],
    ['keys scattered evenly', scattered, 30],
    ['folders by date and host', folders, 80],
    ['a long common beginning', sorted, 60],
  ])('%s: 200 pages', async (_, keys, most) => {
    const { rounds, requests } = await roundsOf(keys)
    expect(rounds).toBeLessThan(most)
    expect(requests).toBeLessThan(400)
  })

  test('what fits into a page takes one request', async () => {
    expect(await roundsOf(numbers.slice(0, 100))).toEqual({ rounds: 1, requests: 1 })
  })
})

test('what comes before a page that fails is given, and then the failure', async () => {
  const bucket = new Bucket(numbers.slice(0, 5000), 100)
  const given: Key[] = []
  const listing = {
    prefix: '',
    width: () => 16,
    fetch: async (cursor: Cursor | undefined) => {
      const page = await bucket.fetch('', cursor)
      if (page.keys.some((key) => key === 'obj-000002500')) throw new Error('no')
      return page
    },
  }
  const all = async () => {
    for await (const entries of listRanges(listing)) given.push(...entries.map(({ key }) => key))
  }
  await expect(all()).rejects.toMatchObject({ code: 'E_STORE', message: 'no' })
  expect(given).toEqual(numbers.slice(0, given.length))
  expect(given.length).toBeGreaterThan(2000)
})

test('a reader that takes nothing is not run away from', async () => {
  const bucket = new Bucket(
    Array.from({ length: 100_000 }, (_, n) => n.toString(16).padStart(6, '0')),
    100,
  )
  const pages = listRanges({ prefix: '', width: () => 16, fetch: (cursor) => bucket.fetch('', cursor) })
  await pages.next()
  let before = -1
  while (before !== bucket.requests) {
    before = bucket.requests
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
  expect(bucket.requests).toBeLessThan(128 + 32)
  await pages.return(undefined)
})
