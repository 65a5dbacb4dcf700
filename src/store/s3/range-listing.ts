/**
 * A listing in the order of the keys whose pages are fetched side by side. It begins at the start; as long as requests
 * may be in flight that have nothing to do, ranges that are still long are cut, the foremost first, and each part is
 * fetched on its own. A part that turns out empty was a wrong guess; there may be only so many of them.
 *
 * Every key comes once: the parts touch, each is `after < key <= end`, and of a page what is behind `end` is left to the
 * next part. Holds MOST_BUFFERED pages that wait for those before them.
 */
import type { RekeyError } from '../../record/errors.ts'
import { toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Entry } from '../contract.ts'
import { compare, countUpTo } from './key-order.ts'
import type { Cut } from './key-space.ts'
import { KeySpace } from './key-space.ts'

/** Where a page begins: behind this key, or within its versions. */
export interface Cursor {
  readonly key: Key
  /** behind this version of the key */
  readonly version?: string
}

/** A page as it came. What waits for its turn is not read yet: read, it would be a thousand times as many things to hold. */
export interface Page {
  /** some of the keys in their order, the first and the last among them; none when there is none */
  readonly keys: readonly Key[]
  /** in the order of the keys */
  entries(): readonly Entry[]
  /** where the next page begins; absent on the last */
  readonly next?: Cursor
}

export interface RangeListing {
  /** rejects with a RekeyError */
  fetch(cursor: Cursor | undefined): Promise<Page>
  /** what all keys begin with */
  readonly prefix: string
  /** only keys behind this one */
  readonly after?: Key
  /** how many requests may be in flight */
  width(): number
}

/** Pages that may wait for those before them. */
const BUFFERED = 64
/** The same with those of parts whose turn comes soon, by the guess. */
const MOST_BUFFERED = 128
/** Parts of fewer pages are not worth a request that may be in vain. */
const SHORT = 2
/** So many guesses may be wrong, and one more for every two pages that were not. */
const WRONG_GUESSES = 24

interface Part {
  /** keys are behind this one */
  readonly after: Key | undefined
  cursor: Cursor | undefined
  end: Key | undefined
  readonly pages: Page[]
  isFetching: boolean
  isWhole: boolean
  /** pages that came */
  fetched: number
  /** first and last key of the last page */
  first?: string
  last?: string
  /** a guess */
  pagesLeft: number
  /** pages that came although none was left by the guess */
  overdue: number
  error?: RekeyError
}

/** Batches in order. Throws what `fetch` rejects with, after everything that comes before. */
export async function* listRanges(listing: RangeListing): AsyncGenerator<readonly Entry[]> {
  const parts = new Parts(listing)
  try {
    for (;;) {
      const page = await parts.next()
      if (page === undefined) return
      if (page.length > 0) yield page
    }
  } finally {
    parts.giveUp()
  }
}

class Parts {
  readonly #listing: RangeListing
  readonly #space: KeySpace
  readonly #parts: Part[]
  #inFlight = 0
  #waiting = 0
  #useful = 0
  #wrong = 0
  #isGivenUp = false
  #wake: (() => void) | undefined

  constructor(listing: RangeListing) {
    this.#listing = listing
    this.#space = new KeySpace(listing.prefix)
    this.#parts = [partFrom(listing.after, undefined)]
  }

  async next(): Promise<readonly Entry[] | undefined> {
    for (;;) {
      const head = this.#parts[0]
      if (head === undefined) return undefined
      const page = head.pages.shift()
      if (page !== undefined) {
        this.#waiting--
        this.#fill()
        return entriesOf(page, head)
      }
      if (head.error !== undefined) throw head.error
      if (head.isWhole) {
        this.#parts.shift()
        continue
      }
      this.#fill()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  giveUp(): void {
    this.#isGivenUp = true
  }

  #fill(): void {
    const width = this.#listing.width()
    const long = Math.max(SHORT, BUFFERED / width)
    while (!this.#isGivenUp && this.#inFlight < width) {
      const next = this.#nextPart()
      const before = next === -1 ? this.#parts.length : next
      if (this.#cutOneOf(this.#parts.slice(0, before).filter((part) => part.pagesLeft >= long))) continue
      if (next !== -1) void this.#fetch(this.#parts[next] as Part)
      else if (!this.#cutOneOf([...this.#parts].sort((one, other) => other.pagesLeft - one.pagesLeft))) return
    }
  }

  /** Where the foremost part is of which a page is to be fetched; -1 when there is none. */
  #nextPart(): number {
    let ahead = 0
    return this.#parts.findIndex((part, at) => {
      const isNear = ahead < this.#listing.width()
      if (isOpen(part)) ahead += part.pagesLeft
      if (!isOpen(part) || part.isFetching) return false
      // The foremost is what all others wait for.
      return (at === 0 && part.pages.length === 0) || this.#waiting < (isNear ? MOST_BUFFERED : BUFFERED)
    })
  }

  /** Cuts the first of these that can be cut, so that there is more to fetch. */
  #cutOneOf(parts: readonly Part[]): boolean {
    if (this.#waiting >= MOST_BUFFERED || this.#wrong > WRONG_GUESSES + this.#useful / 2) return false
    const idle = this.#listing.width() - this.#inFlight
    for (const part of parts) {
      const { first, last, end, pagesLeft } = part
      // Of one that was cut off and not looked at, nothing is known yet.
      if (!isOpen(part) || pagesLeft < SHORT || first === undefined || last === undefined) continue
      const pieces = Math.min(idle + 1, Math.floor(pagesLeft / SHORT) + 1)
      const cuts = Buffer.isBuffer(end) ? [] : this.#space.cuts(first, last, end, pieces)
      if (cuts.length > 0) {
        this.#divide(part, cuts)
        const left = this.#space.pagesLeft(first, last, cuts[0]?.key)
        part.pagesLeft = Number.isFinite(left) ? left : 0
        return true
      }
      // Nothing to cut until its next page tells more.
      part.pagesLeft = 0
    }
    return false
  }

  #divide(part: Part, cuts: readonly Cut[]): void {
    const behind = cuts.map(({ key, pages }, at) => ({
      ...partFrom(key, cuts[at + 1]?.key ?? part.end),
      pagesLeft: pages,
    }))
    part.end = cuts[0]?.key
    this.#parts.splice(this.#parts.indexOf(part) + 1, 0, ...behind)
  }

  async #fetch(part: Part): Promise<void> {
    part.isFetching = true
    this.#inFlight++
    try {
      this.#take(part, await this.#listing.fetch(part.cursor))
    } catch (thrown) {
      part.error = toRekeyError(thrown)
    }
    part.isFetching = false
    this.#inFlight--
    this.#fill()
    this.#wake?.()
  }

  #take(part: Part, page: Page): void {
    const { end } = part
    const { keys, next } = page
    const first = keys[0]
    const last = keys.at(-1)
    const goesOn = end !== undefined && last !== undefined && compare(last, end) > 0
    const isInVain = first === undefined || (end !== undefined && compare(first, end) > 0)
    if (!isInVain) {
      // By what the part is now: its end may be nearer when the page is read.
      part.pages.push(goesOn ? { ...page, entries: () => upTo(page.entries(), end) } : page)
      this.#waiting++
      this.#useful++
    } else if (part.fetched === 0) {
      this.#wrong++
    }
    part.fetched++
    part.cursor = next
    part.isWhole = next === undefined || goesOn || (end !== undefined && isAtEnd(next, end))
    if (!part.isWhole) this.#guess(part, keys)
    if (goesOn) this.#handOn(part, page)
  }

  /** What is left of a page is the next part's, unless that has begun by itself. */
  #handOn(part: Part, rest: Page): void {
    const next = this.#parts[this.#parts.indexOf(part) + 1]
    if (next !== undefined && isOpen(next) && next.fetched === 0 && !next.isFetching) this.#take(next, rest)
  }

  #guess(part: Part, keys: readonly Key[]): void {
    const texts = keys.filter((key) => typeof key === 'string')
    const first = texts[0]
    const last = texts.at(-1)
    if (first === undefined || last === undefined || Buffer.isBuffer(part.end)) return
    this.#space.observe(texts)
    part.first = first
    part.last = last
    if (part.pagesLeft < 1) part.overdue++
    // What has gone on for longer than the letters say will go on as long again.
    part.pagesLeft = Math.max(this.#space.pagesLeft(first, last, part.end), part.overdue)
  }
}

function partFrom(after: Key | undefined, end: Key | undefined): Part {
  const cursor = after === undefined ? undefined : { key: after }
  return { after, cursor, end, pages: [], isFetching: false, isWhole: false, fetched: 0, pagesLeft: 0, overdue: -1 }
}

/** What of a page is behind the part's beginning. Ceph begins one of versions with those of the very key that it is to begin behind. */
function entriesOf(page: Page, { after }: Part): readonly Entry[] {
  const entries = page.entries()
  const start = after === undefined ? 0 : countUpTo(entries, after)
  return start === 0 ? entries : entries.slice(start)
}

function upTo(entries: readonly Entry[], end: Key): readonly Entry[] {
  return entries.slice(0, countUpTo(entries, end))
}

function isOpen(part: Part): boolean {
  return !part.isWhole && part.error === undefined
}

/** Whether nothing up to `end` is left behind this cursor. */
function isAtEnd(cursor: Cursor, end: Key): boolean {
  const order = compare(cursor.key, end)
  return order > 0 || (order === 0 && cursor.version === undefined)
}
