/**
 * The moves of a plan in their order, in a scratch file: what the fingerprints of the claim table stand for.
 * Rows come in blocks, which are read as a whole. Holds the last megabyte, and 8 bytes a block of 64 rows.
 *
 * A row is a header of six words of 32 bits, then the key and the new key, each filled up with zeros to whole words.
 * The header: the lengths of both in bytes, the number of each one's store, the rank in two halves.
 */
import type { Key } from '../record/key.ts'
import { keyOf } from '../record/key.ts'
import type { Scratch } from '../stage/stage.ts'
import { writeKey } from './key-bytes.ts'
import { Spill } from './spill.ts'

const HEADER_WORDS = 6
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
  readonly #spill: Spill
  readonly #rank = new Float64Array(1)
  readonly #rankWords = new Int32Array(this.#rank.buffer)
  /** where each block begins */
  readonly #starts: number[] = [0]
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

  /** Writes the first half of a row. It is part of the file only when it is kept. */
  writeSource(store: number, key: Key): Place {
    this.#spill.reserve(HEADER_WORDS * 4 + key.length * 3 + 24)
    const { bytes, words, used } = this.#spill
    const header = used >> 2
    const first = header + HEADER_WORDS
    const byteLength = writeKey(bytes, words, first, key)
    words[header] = byteLength
    words[header + 2] = store
    this.#rowBytes = (HEADER_WORDS << 2) + wholeWords(byteLength)
    return { store, words, first, byteLength }
  }

  /** Writes the second half; `source` places are void after that. */
  writeDestination(store: number, key: Key, rank: number): Place {
    this.#spill.reserve(this.#rowBytes + key.length * 3 + 24)
    const { bytes, words, used } = this.#spill
    const header = used >> 2
    const first = (used + this.#rowBytes) >> 2
    const byteLength = writeKey(bytes, words, first, key)
    this.#rank[0] = rank
    words[header + 1] = byteLength
    words[header + 3] = store
    words[header + 4] = this.#rankWords[0] as number
    words[header + 5] = this.#rankWords[1] as number
    this.#rowBytes += wholeWords(byteLength)
    return { store, words, first, byteLength }
  }

  /** Makes the row that was written part of the file. */
  keep(): void {
    this.#spill.used += this.#rowBytes
    this.#rowsInBlock++
    const blockBytes = this.#spill.length - (this.#starts.at(-1) as number)
    if (this.#rowsInBlock >= BLOCK_ROWS || blockBytes >= BLOCK_BYTES) this.#startBlock()
  }

  async spill(): Promise<void> {
    await this.#spill.spill()
    if (this.#rowsInBlock > 0) this.#startBlock()
  }

  close(): void {
    this.#spill.close()
  }

  /** The rows of a block that come from the place or go to it, in their order. */
  movesAt(block: number, place: Place): Move[] {
    const start = this.#starts[block] as number
    const end = this.#starts[block + 1] ?? this.#spill.length
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
    this.#rankWords[0] = words[at + 4] as number
    this.#rankWords[1] = words[at + 5] as number
    const bytes = Buffer.from(words.buffer, words.byteOffset + ((at + HEADER_WORDS) << 2), words[at] as number)
    return { store: words[at + 2] as number, key: keyOf(Buffer.from(bytes)), rank: this.#rank[0] as number }
  }

  #startBlock(): void {
    this.#starts.push(this.#spill.length)
    this.#rowsInBlock = 0
  }
}

function isSource(words: Int32Array, row: number, place: Place): boolean {
  return (
    words[row] === place.byteLength && words[row + 2] === place.store && sameWords(words, row + HEADER_WORDS, place)
  )
}

function isDestination(words: Int32Array, row: number, place: Place): boolean {
  if (words[row + 1] !== place.byteLength || words[row + 3] !== place.store) return false
  return sameWords(words, row + HEADER_WORDS + (wholeWords(words[row] as number) >> 2), place)
}

function sameWords(words: Int32Array, first: number, place: Place): boolean {
  const count = wholeWords(place.byteLength) >> 2
  for (let at = 0; at < count; at++) {
    if (words[first + at] !== place.words[place.first + at]) return false
  }
  return true
}

function rowEnd(words: Int32Array, row: number): number {
  return row + HEADER_WORDS + ((wholeWords(words[row] as number) + wholeWords(words[row + 1] as number)) >> 2)
}

/** A length in bytes, filled up to words. */
function wholeWords(byteLength: number): number {
  return (byteLength + 3) & ~3
}
