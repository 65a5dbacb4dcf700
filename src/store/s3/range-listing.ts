/**
 * A listing in the order of the keys whose pages are fetched side by side. It begins at the start; as long as requests
 * may be in flight that have nothing to do, ranges that are still long are cut, the foremost first, and each part is
 * fetched on its own. A part that turns out empty was a wrong guess; there may be only so many of them.
 *
 * Every key comes once: the parts touch, each is `after < key <= end`, and of a page what is behind `end` is left to the
 * next part. Holds BUFFERED pages that wait for those before them.
 */
import type { RekeyError } from '../../record/errors.ts'
import { toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Entry } from '../contract.ts'
import { compare, countUpTo } from './key-order.ts'
import { KeySpace } from './key-space.ts'

/** Where a page begins: behind this key, or within its versions. */
export interface Cursor {
  readonly key: Key
  /** behind this version of the key */
  readonly version?: string
}

export interface Page {
  /** in the order of the keys */
  readonly entries: readonly Entry[]
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

/** Pages that may wait, of those that are fetched ahead. */
const BUFFERED = 128
/** Parts of more pages than this are cut to keep the foremost part short, for the others wait for it. */
const LONG = 6
/** Parts of fewer pages are not worth a request that may be in vain. */
const SHORT = 2
/** So many guesses may be wrong, and one more for every two pages that were not. */
const WRONG_GUESSES = 24

interface Part {
  cursor: Cursor | undefined
  end: Key | undefined
  readonly pages: Array<readonly Entry[]>
  isFetching: boolean
  isWhole: boolean
  /** pages that came */
  fetched: number
  /** first and last key of the last page */
  first?: string
  last?: string
  /** a guess */
  pagesLeft: number
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
    this.#parts = [partFrom(listing.after === undefined ? undefined : { key: listing.after }, undefined)]
  }

  async next(): Promise<readonly Entry[] | undefined> {
    for (;;) {
      const head = this.#parts[0]
      if (head === undefined) return undefined
      const page = head.pages.shift()
      if (page !== undefined) {
        this.#waiting--
        this.#fill()
        return page
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
    while (!this.#isGivenUp && this.#inFlight < this.#listing.width()) {
      const part = this.#nextPart()
      if (part !== undefined) void this.#fetch(part)
      else if (!this.#cut()) return
    }
  }

  /** The foremost part of which a page is to be fetched. */
  #nextPart(): Part | undefined {
    const isFull = this.#waiting >= BUFFERED
    return this.#parts.find(
      (part, at) => isOpen(part) && !part.isFetching && (!isFull || (at === 0 && part.pages.length === 0)),
    )
  }

  /** Cuts a part, so that there is more to fetch. False when none is worth it. */
  #cut(): boolean {
    if (this.#waiting >= BUFFERED || this.#wrong > WRONG_GUESSES + this.#useful / 2) return false
    const idle = this.#listing.width() - this.#inFlight
    for (const part of this.#inOrderOfNeed()) {
      const { first, last, end } = part
      if (first === undefined || last === undefined || Buffer.isBuffer(end)) continue
      const cuts = this.#space.cuts(first, last, end, idle)
      if (cuts.length === 0) {
        // Nothing to cut until it has moved on.
        part.pagesLeft = 0
        continue
      }
      this.#divide(part, cuts)
      return true
    }
    return false
  }

  #inOrderOfNeed(): readonly Part[] {
    const worth = this.#parts.filter((part) => isOpen(part) && part.pagesLeft >= SHORT)
    const long = worth.filter((part) => part.pagesLeft >= LONG)
    return long.length > 0 ? long : worth.sort((one, other) => other.pagesLeft - one.pagesLeft)
  }

  #divide(part: Part, cuts: readonly string[]): void {
    const behind: Part[] = []
    const { first } = part
    cuts.forEach((cut, at) => {
      const other = partFrom({ key: cut }, cuts[at + 1] ?? part.end)
      // Half of it each; of a ladder nothing is known until it answers.
      if (cuts.length === 1 && first !== undefined && Number.isFinite(part.pagesLeft)) {
        other.pagesLeft = part.pagesLeft / 2
      }
      behind.push(other)
    })
    part.end = cuts[0]
    part.pagesLeft = cuts.length === 1 ? part.pagesLeft / 2 : 0
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

  #take(part: Part, { entries, next }: Page): void {
    const { end } = part
    const count = end === undefined ? entries.length : countUpTo(entries, end)
    const mine = count === entries.length ? entries : entries.slice(0, count)
    if (mine.length > 0) {
      part.pages.push(mine)
      this.#waiting++
      this.#useful++
    } else if (part.fetched === 0) {
      this.#wrong++
    }
    part.fetched++
    part.cursor = next
    part.isWhole = next === undefined || count < entries.length || (end !== undefined && isAtEnd(next, end))
    if (!part.isWhole) this.#guess(part, mine)
  }

  #guess(part: Part, entries: readonly Entry[]): void {
    const keys = entries.map((entry) => entry.key).filter((key) => typeof key === 'string')
    const first = keys[0]
    const last = keys.at(-1)
    if (first === undefined || last === undefined || Buffer.isBuffer(part.end)) return
    this.#space.observe(keys)
    part.first = first
    part.last = last
    // What has gone on for long will go on as long again, whatever the letters say.
    part.pagesLeft = Math.max(this.#space.pagesLeft(first, last, part.end), part.fetched / 2)
  }
}

function partFrom(cursor: Cursor | undefined, end: Key | undefined): Part {
  return { cursor, end, pages: [], isFetching: false, isWhole: false, fetched: 0, pagesLeft: 0 }
}

function isOpen(part: Part): boolean {
  return !part.isWhole && part.error === undefined
}

/** Whether nothing up to `end` is left behind this cursor. */
function isAtEnd(cursor: Cursor, end: Key): boolean {
  const order = compare(cursor.key, end)
  return order > 0 || (order === 0 && cursor.version === undefined)
}
