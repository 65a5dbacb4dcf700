/**
 * The moves of a plan in their order, in a scratch file: what the fingerprints of the claim table stand for.
 * Rows come in blocks, which are read as a whole. Holds the last megabyte, and 8 bytes a block of 64 rows.
 */
import type { Key } from '../record/key.ts'
import { keyBytes } from '../record/key.ts'
import type { Scratch } from '../stage/stage.ts'
import { printOf } from './key-print.ts'
import type { Move, Place } from './move-rows.ts'
import { HEAD_WORDS, movesIn, NO_STORE, putRow, RENAMED, ROW_WORDS, rankIn } from './move-rows.ts'
import { Spill } from './spill.ts'

const BLOCK_ROWS = 64
const BLOCK_BYTES = 64 * 1024

/** Words that are kept of a move until it is checked. */
export const NEW_WORDS = 5
/** Which is which of them: its row in memory, the first byte of its text, its block, the fingerprints of both keys. */
const ROW = 0
const TEXT = 1
export const BLOCK = 2
export const PRINT = 3
export const TO_PRINT = 4

export class MoveFile {
  /** of each move since `forgetNew`, when `end` has been called: its block and both fingerprints, at `BLOCK`, `PRINT` and `TO_PRINT` */
  news = new Int32Array(1024 * NEW_WORDS)
  #newCount = 0
  readonly #spill: Spill
  /** where each block begins */
  readonly #starts: number[] = [0]
  #rowsInBlock = 0
  /** how many rows there are in all */
  #count = 0
  /** the piece that is not written yet: both keys of its rows, and their rows with lengths in characters */
  #text = ''
  #rows = 0
  readonly #rowWords = new Int32Array(BLOCK_ROWS * ROW_WORDS)
  #read = Buffer.alloc(BLOCK_BYTES)

  constructor(openScratch: () => Promise<Scratch>) {
    this.#spill = new Spill(openScratch)
  }

  get isFull(): boolean {
    return this.#spill.isFull
  }

  /** how many moves there are that `news` tells of */
  get newCount(): number {
    return this.#newCount
  }

  /** Adds a move behind the others. It is part of the file when its piece is ended. */
  add(store: number, key: Key, toStore: number, to: Key, rank: number): void {
    const isText = typeof key === 'string' && typeof to === 'string'
    if (!isText) this.end()
    putRow(this.#rowWords, this.#rows++ * ROW_WORDS, key.length, to.length, store, toStore, rank)
    if (isText) this.#text = this.#text + key + to
    else this.#endBytes(keyBytes(key), keyBytes(to))
    if (this.#isFull) this.end()
  }

  /** Adds a move within a store, by the renaming of the plan. */
  addRenamed(store: number, key: string, rank: number): void {
    putRow(this.#rowWords, this.#rows++ * ROW_WORDS, key.length, 0, store, RENAMED, rank)
    this.#text += key
    if (this.#isFull) this.end()
  }

  /** Whether the piece, or its block, is to be ended. */
  get #isFull(): boolean {
    return this.#rows + this.#rowsInBlock >= BLOCK_ROWS || this.#text.length >= BLOCK_BYTES
  }

  /** Ends the piece: sees to it that all moves are part of the file, and that `news` tells of them. */
  end(): void {
    if (this.#rows === 0) return
    const text = this.#text
    this.#text = ''
    const start = this.#reserve(text.length * 3)
    const { bytes } = this.#spill
    const length = bytes.write(text, start, 'utf8')
    if (length !== text.length) this.#countBytes(bytes, start)
    this.#write(start, length)
  }

  /** Ends a piece of one row, whose keys are not both text. */
  #endBytes(key: Buffer, to: Buffer): void {
    const start = this.#reserve(key.length + to.length)
    const { bytes } = this.#spill
    bytes.set(key, start)
    bytes.set(to, start + key.length)
    this.#rowWords[0] = key.length
    this.#rowWords[1] = to.length
    this.#write(start, key.length + to.length)
  }

  /** Forgets the moves that `news` tells of; they stay in the file. */
  forgetNew(): void {
    this.#newCount = 0
  }

  /** Makes a new move one that touches nothing. */
  cancel(at: number): void {
    const row = this.news[at + ROW] as number
    this.#spill.words[row + 2] = NO_STORE
    this.#spill.words[row + 3] = NO_STORE
  }

  /** Whether a new move is one by the renaming. */
  isRenamed(at: number): boolean {
    return this.#spill.words[(this.news[at + ROW] as number) + 3] === RENAMED
  }

  /** The key of a new move. */
  sourceOf(at: number): Place {
    const { bytes, words } = this.#spill
    const row = this.news[at + ROW] as number
    const start = this.news[at + TEXT] as number
    return { store: words[row + 2] as number, bytes, start, byteLength: words[row] as number }
  }

  /** The new key of a new move that is not by the renaming. */
  destinationOf(at: number): Place {
    const { bytes, words } = this.#spill
    const row = this.news[at + ROW] as number
    const start = (this.news[at + TEXT] as number) + (words[row] as number)
    return { store: words[row + 3] as number, bytes, start, byteLength: words[row + 1] as number }
  }

  rankOf(at: number): number {
    return rankIn(this.#spill.words, this.news[at + ROW] as number)
  }

  /** Where the new move at the index of `news` stands in the order of the input. */
  numberOf(at: number): number {
    return this.#count - this.#newCount + at / NEW_WORDS
  }

  async spill(): Promise<void> {
    await this.#spill.spill()
    if (this.#rowsInBlock > 0) this.#startBlock()
  }

  close(): void {
    this.#spill.close()
  }

  /**
   * The rows of a block that come from the place or go to it, in their order; only those before the row number `limit`.
   * `origin`: what the renaming makes the place of.
   */
  movesAt(block: number, place: Place, origin: Place | undefined, limit: number): Move[] {
    const start = this.#starts[block] as number
    const { bytes, words, first, last } = this.#load(start, this.#starts[block + 1] ?? this.#spill.length)
    return movesIn({ words, bytes, first, last, block }, place, origin, limit)
  }

  #load(start: number, end: number): { bytes: Buffer; words: Int32Array; first: number; last: number } {
    const { base, bytes, words } = this.#spill
    if (start >= base) return { bytes, words, first: (start - base) >> 2, last: (end - base) >> 2 }
    if (this.#read.length < end - start) this.#read = Buffer.alloc(end - start)
    const read = this.#read.subarray(0, end - start)
    this.#spill.read(read, start)
    return {
      bytes: read,
      words: new Int32Array(read.buffer, read.byteOffset, read.length >> 2),
      first: 0,
      last: read.length >> 2,
    }
  }

  #startBlock(): void {
    this.#starts.push(this.#spill.length)
    this.#rowsInBlock = 0
  }

  /** Sees to it that there is room for the piece; gives where its text begins. */
  #reserve(textBytes: number): number {
    const before = (HEAD_WORDS + this.#rows * ROW_WORDS) * 4
    this.#spill.reserve(before + textBytes + 3)
    return this.#spill.used + before
  }

  /** Makes of the lengths in characters those in bytes: four bytes of UTF-8 are two characters, fewer are one. */
  #countBytes(bytes: Buffer, start: number): void {
    let at = start
    for (let length = 0; length < this.#rows * ROW_WORDS; length += length % ROW_WORDS === 0 ? 1 : ROW_WORDS - 1) {
      const from = at
      for (let left = this.#rowWords[length] as number; left > 0; ) {
        const byte = bytes[at] as number
        at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
        left -= byte < 0xf0 ? 1 : 2
      }
      this.#rowWords[length] = at - from
    }
  }

  /** Writes the piece whose text is in its place: its head, its rows, and what is new. */
  #write(start: number, textBytes: number): void {
    const { words, view } = this.#spill
    const rows = this.#rows
    const piece = this.#spill.used >> 2
    const first = piece + HEAD_WORDS
    words[piece] = rows
    words[piece + 1] = textBytes
    words[piece + 2] = this.#count
    words.set(rows === BLOCK_ROWS ? this.#rowWords : this.#rowWords.subarray(0, rows * ROW_WORDS), first)
    const block = this.#starts.length - 1
    this.#makeNewRoom(rows)
    const news = this.news
    let at = this.#newCount * NEW_WORDS
    let text = start
    for (let row = first; row < first + rows * ROW_WORDS; row += ROW_WORDS) {
      const keyLength = words[row] as number
      const toLength = words[row + 1] as number
      news[at + ROW] = row
      news[at + TEXT] = text
      news[at + BLOCK] = block
      news[at + PRINT] = printOf(view, text, keyLength, words[row + 2] as number)
      text += keyLength
      if (words[row + 3] !== RENAMED) {
        news[at + TO_PRINT] = printOf(view, text, toLength, words[row + 3] as number)
        text += toLength
      }
      at += NEW_WORDS
    }
    this.#newCount += rows
    this.#count += rows
    this.#rowsInBlock += rows
    this.#rows = 0
    this.#spill.used = (start + textBytes + 3) & ~3
    if (this.#rowsInBlock >= BLOCK_ROWS || this.#spill.length - (this.#starts[block] as number) >= BLOCK_BYTES) {
      this.#startBlock()
    }
  }

  #makeNewRoom(rows: number): void {
    const needed = (this.#newCount + rows) * NEW_WORDS
    if (needed <= this.news.length) return
    const larger = new Int32Array(needed * 2)
    larger.set(this.news)
    this.news = larger
  }
}
