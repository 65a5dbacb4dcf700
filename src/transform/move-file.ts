/**
 * The moves of a plan in their order, in a scratch file: what the fingerprints of the claim table stand for.
 * Rows come in blocks, which are read as a whole. Holds the last megabyte, and 8 bytes a block of 64 rows.
 *
 * A row is a header of six words of 32 bits, then the key and the new key, each filled up with zeros to whole words.
 * The header: the lengths of both in bytes, the number of each one's store, the rank in two halves.
 */
import { Fingerprinter } from '../record/fingerprint.ts'
import type { Key } from '../record/key.ts'
import { keyOf } from '../record/key.ts'
import type { Scratch } from '../stage/stage.ts'
import { writeKey } from './key-bytes.ts'
import { Spill } from './spill.ts'

const HEADER_WORDS = 6
const HEADER_BYTES = HEADER_WORDS * 4
/** what a key may take beyond three bytes a character: up to a whole word, and 16 bytes of zeros */
const PADDING_BYTES = 20
const NO_STORE = -1
const BLOCK_ROWS = 64
const BLOCK_BYTES = 64 * 1024

/** A key of a store where it stands in words. */
export interface Place {
  readonly store: number
  readonly words: Int32Array
  /** index of the key's first word */
  readonly first: number
  readonly byteLength: number
}

/** What a row says, and in what it touches the place that was asked about. */
export interface Move {
  /** where in the file it stands: the order of the input */
  readonly position: number
  readonly block: number
  readonly store: number
  readonly key: Key
  /** the least goes before the others */
  readonly rank: number
  readonly comesFrom: boolean
  readonly goesTo: boolean
}

export class MoveFile {
  /** of the row that was written last: two words for its key, two for its new key */
  readonly prints = new Int32Array(4)
  readonly #fingerprinter = new Fingerprinter()
  readonly #spill: Spill
  readonly #rank = new Float64Array(1)
  readonly #rankWords = new Int32Array(this.#rank.buffer)
  /** where each block begins */
  readonly #starts: number[] = [0]
  #blockStart = 0
  #rowsInBlock = 0
  /** bytes of the row that is written and not yet kept */
  #rowBytes = 0
  #read = Buffer.alloc(BLOCK_BYTES)

  constructor(openScratch: () => Promise<Scratch>) {
    this.#spill = new Spill(openScratch)
  }

  /** the number of the block in which the row will stand that is written now */
  get block(): number {
    return this.#starts.length - 1
  }

  get isFull(): boolean {
    return this.#spill.isFull
  }

  /**
   * Writes a row behind the others, and leaves the fingerprints of key and new key in `prints`. Gives the index of the
   * row among the words in memory, which holds until `spill`. It is part of the file when it is kept.
   */
  write(store: number, key: Key, toStore: number, to: Key, rank: number): number {
    const spill = this.#spill
    spill.reserve(HEADER_BYTES + (key.length + to.length) * 3 + 2 * PADDING_BYTES)
    const { bytes, words } = spill
    const row = spill.used >> 2
    const first = row + HEADER_WORDS
    const keyBytes = writeKey(bytes, words, first, key)
    this.#print(words, first, keyBytes, store, 0)
    const toFirst = first + wordsOf(keyBytes)
    const toBytes = writeKey(bytes, words, toFirst, to)
    this.#print(words, toFirst, toBytes, toStore, 2)
    this.#rank[0] = rank
    words[row] = keyBytes
    words[row + 1] = toBytes
    words[row + 2] = store
    words[row + 3] = toStore
    words[row + 4] = this.#rankWords[0] as number
    words[row + 5] = this.#rankWords[1] as number
    this.#rowBytes = (toFirst + wordsOf(toBytes) - row) << 2
    return row
  }

  /** Makes the row that was written part of the file. */
  keep(): void {
    this.#spill.used += this.#rowBytes
    this.#rowsInBlock++
    if (this.#rowsInBlock >= BLOCK_ROWS || this.#spill.length - this.#blockStart >= BLOCK_BYTES) this.#startBlock()
  }

  /** Makes a kept row one that touches nothing. */
  forget(row: number): void {
    this.#spill.words[row + 2] = NO_STORE
    this.#spill.words[row + 3] = NO_STORE
  }

  /** The key of a row in memory. */
  sourceOf(row: number): Place {
    const { words } = this.#spill
    return { store: words[row + 2] as number, words, first: row + HEADER_WORDS, byteLength: words[row] as number }
  }

  /** The new key of a row in memory. */
  destinationOf(row: number): Place {
    const { words } = this.#spill
    const first = row + HEADER_WORDS + wordsOf(words[row] as number)
    return { store: words[row + 3] as number, words, first, byteLength: words[row + 1] as number }
  }

  rankOf(row: number): number {
    return this.#rankIn(this.#spill.words, row)
  }

  /** Where a row in memory stands in the whole file. */
  positionOf(row: number): number {
    return this.#spill.base + (row << 2)
  }

  async spill(): Promise<void> {
    await this.#spill.spill()
    if (this.#rowsInBlock > 0) this.#startBlock()
  }

  close(): void {
    this.#spill.close()
  }

  /** The rows of a block that come from the place or go to it, in their order; only those that stand before `limit`. */
  movesAt(block: number, place: Place, limit: number): Move[] {
    const start = this.#starts[block] as number
    const end = Math.min(this.#starts[block + 1] ?? this.#spill.length, limit)
    const { words, offset } = this.#load(start, end)
    const found: Move[] = []
    for (let at = offset; at < offset + ((end - start) >> 2); at = rowEnd(words, at)) {
      const comesFrom = isSource(words, at, place)
      const goesTo = isDestination(words, at, place)
      if (!comesFrom && !goesTo) continue
      const position = start + ((at - offset) << 2)
      found.push({ position, block, ...this.#rowAt(words, at), comesFrom, goesTo })
    }
    return found
  }

  #load(start: number, end: number): { words: Int32Array; offset: number } {
    const { base, words } = this.#spill
    if (start >= base) return { words, offset: (start - base) >> 2 }
    if (this.#read.length < end - start) this.#read = Buffer.alloc(end - start)
    this.#spill.read(this.#read.subarray(0, end - start), start)
    return { words: new Int32Array(this.#read.buffer, this.#read.byteOffset, (end - start) >> 2), offset: 0 }
  }

  #rowAt(words: Int32Array, at: number): Pick<Move, 'store' | 'key' | 'rank'> {
    const rank = this.#rankIn(words, at)
    const bytes = Buffer.from(words.buffer, words.byteOffset + ((at + HEADER_WORDS) << 2), words[at] as number)
    return { store: words[at + 2] as number, key: keyOf(Buffer.from(bytes)), rank }
  }

  #rankIn(words: Int32Array, row: number): number {
    this.#rankWords[0] = words[row + 4] as number
    this.#rankWords[1] = words[row + 5] as number
    return this.#rank[0] as number
  }

  #startBlock(): void {
    this.#blockStart = this.#spill.length
    this.#starts.push(this.#blockStart)
    this.#rowsInBlock = 0
  }

  #print(words: Int32Array, first: number, byteLength: number, store: number, at: number): void {
    this.#fingerprinter.takeWords(words, first, byteLength, store)
    this.prints[at] = this.#fingerprinter.words[0] as number
    this.prints[at + 1] = this.#fingerprinter.words[1] as number
  }
}

function isSource(words: Int32Array, row: number, place: Place): boolean {
  return (
    words[row] === place.byteLength && words[row + 2] === place.store && sameWords(words, row + HEADER_WORDS, place)
  )
}

function isDestination(words: Int32Array, row: number, place: Place): boolean {
  if (words[row + 1] !== place.byteLength || words[row + 3] !== place.store) return false
  return sameWords(words, row + HEADER_WORDS + wordsOf(words[row] as number), place)
}

function sameWords(words: Int32Array, first: number, place: Place): boolean {
  const count = wordsOf(place.byteLength)
  for (let at = 0; at < count; at++) {
    if (words[first + at] !== place.words[place.first + at]) return false
  }
  return true
}

function rowEnd(words: Int32Array, row: number): number {
  return row + HEADER_WORDS + wordsOf(words[row] as number) + wordsOf(words[row + 1] as number)
}

/** How many words hold so many bytes. */
function wordsOf(byteLength: number): number {
  return (byteLength + 3) >> 2
}
