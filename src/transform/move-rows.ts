/**
 * The moves of a plan as they stand in its scratch file, in blocks.
 *
 * A block is one piece or more, each written at once: a head of three words of 32 bits, six words a row, and the text of
 * all its rows, key and new key by turns, filled up to whole words. The head: how many rows, how many bytes of text, the
 * number of the first row. A row: the lengths of both keys in bytes, the number of each one's store, the rank in two halves.
 * Of a row that the plan's renaming makes only the key is there.
 */
import type { Key } from '../record/key.ts'
import { keyOf } from '../record/key.ts'

export const HEAD_WORDS = 3
export const ROW_WORDS = 6
export const NO_STORE = -1
/** In the place of the new key's store: it is the key's, and the new key is what the renaming makes of the key. */
export const RENAMED = -2

/** A key of a store where its bytes stand. */
export interface Place {
  readonly store: number
  readonly bytes: Buffer
  readonly start: number
  readonly byteLength: number
}

/** What a row says, and in what it touches the place that was asked about. */
export interface Move {
  /** the order of the input */
  readonly number: number
  readonly block: number
  readonly store: number
  readonly key: Key
  /** the least goes before the others */
  readonly rank: number
  readonly isRenamed: boolean
  readonly comesFrom: boolean
  readonly goesTo: boolean
}

/** A block where it stands in memory: its pieces, from the word `first` up to the word `last`. */
export interface Block {
  readonly words: Int32Array
  /** the same memory */
  readonly bytes: Buffer
  readonly first: number
  readonly last: number
  readonly block: number
}

/**
 * The rows of a block that come from the place or go to it, in their order; only those before the row number `limit`.
 * `origin`: what the renaming makes the place of.
 */
export function movesIn(
  { words, bytes, first, last, block }: Block,
  place: Place,
  origin: Place | undefined,
  limit: number,
): Move[] {
  const found: Move[] = []
  for (let piece = first; piece < last; ) {
    const rows = words[piece] as number
    const number = words[piece + 2] as number
    let text = (piece + HEAD_WORDS + rows * ROW_WORDS) << 2
    const next = (text >> 2) + wordsOf(words[piece + 1] as number)
    for (let row = 0; row < rows && number + row < limit; row++) {
      const at = piece + HEAD_WORDS + row * ROW_WORDS
      const length = words[at] as number
      const toLength = words[at + 1] as number
      const store = words[at + 2] as number
      const toStore = words[at + 3] as number
      const toText = text + length
      const isRenamed = toStore === RENAMED
      const comesFrom = store === place.store && isAt(place, bytes, text, length)
      const goesTo = isRenamed
        ? store === origin?.store && isAt(origin, bytes, text, length)
        : toStore === place.store && isAt(place, bytes, toText, toLength)
      if (comesFrom || goesTo) {
        const key = keyOf(Buffer.from(bytes.subarray(text, toText)))
        found.push({ number: number + row, block, store, key, rank: rankIn(words, at), isRenamed, comesFrom, goesTo })
      }
      text = toText + toLength
    }
    piece = next
  }
  return found
}

const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)

/** Puts a row where it begins. */
export function putRow(
  words: Int32Array,
  at: number,
  length: number,
  toLength: number,
  store: number,
  toStore: number,
  rank: number,
): void {
  words[at] = length
  words[at + 1] = toLength
  words[at + 2] = store
  words[at + 3] = toStore
  double[0] = rank
  words[at + 4] = halves[0] as number
  words[at + 5] = halves[1] as number
}

/** The rank of a row, which begins at a word. */
export function rankIn(words: Int32Array, at: number): number {
  halves[0] = words[at + 4] as number
  halves[1] = words[at + 5] as number
  return double[0] as number
}

/** Whether the bytes of a key, of the place's store, are those of the place. */
function isAt(place: Place, bytes: Buffer, start: number, byteLength: number): boolean {
  if (byteLength !== place.byteLength) return false
  // From the end: keys begin alike.
  for (let at = byteLength - 1; at >= 0; at--) {
    if (bytes[start + at] !== place.bytes[place.start + at]) return false
  }
  return true
}

/** How many words hold so many bytes. */
export function wordsOf(byteLength: number): number {
  return (byteLength + 3) >> 2
}
