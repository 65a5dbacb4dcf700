/**
 * Where a fingerprint was seen: a multiset of pairs of fingerprint and block, 6 bytes a slot, 7.7 bytes a pair on average.
 * It may name blocks in which the key is not, and never leaves out one in which it is: who asks looks there.
 *
 * A slot holds 23 bits of the fingerprint and a block's number of 25 bits. The 23 bits also say where in its segment a
 * pair stands, so a segment grows without the keys; 10 bits more choose the segment. So in ten million records about
 * one look in two hundred is in vain.
 */
import { RekeyError } from '../record/errors.ts'

const SEGMENTS = 1024
const WORDS = 3
/**
 * Fuller segments are searched longer, and those that grow by less grow more often; between them, these two cost the
 * least time that 16 bytes a key allow.
 */
const FULL = 0.93
const GROWTH = 1.42
const FIRST_SLOTS = 64
const MAX_BLOCK = 2 ** 25 - 1

export class ClaimTable {
  readonly #segments: Segment[] = []
  #segment = new Segment(1)
  #print = 0
  #at = 0

  /**
   * Reads the slot at which the search for a fingerprint will begin, and gives what stands there. A table of millions
   * is slow because each search waits for memory; reads that do not wait for each other are five times as fast.
   */
  touch(word: number, otherWord: number): number {
    const segment = this.#segmentOf(word)
    return segment.slots[home(printOf(otherWord), segment.count)] as number
  }

  /**
   * Adds a block under a fingerprint where nothing stands under that yet, and says whether that was so; if not, `next`
   * gives what does.
   */
  addNew(word: number, otherWord: number, block: number): boolean {
    this.seek(word, otherWord)
    const { slots } = this.#segment
    const upper = this.#print >>> 7
    let at = this.#at
    for (let found = slots[at]; found !== 0; found = slots[at]) {
      if (found === upper && (slots[at + 1] as number) >>> 9 === (this.#print & 127)) return false
      at += WORDS
      if (at === slots.length) at = 0
    }
    this.#at = at
    this.add(block)
    return true
  }

  /** Begins to look for a fingerprint: two words of 32 bits. */
  seek(word: number, otherWord: number): void {
    const segment = this.#segmentOf(word)
    segment.makeRoom()
    this.#segment = segment
    this.#print = printOf(otherWord)
    this.#at = home(this.#print, segment.count)
  }

  /** The next block under the fingerprint, -1 when there is none left. */
  next(): number {
    const { slots } = this.#segment
    const upper = this.#print >>> 7
    const lower = this.#print & 127
    let at = this.#at
    while (slots[at] !== 0) {
      const here = at
      at += WORDS
      if (at === slots.length) at = 0
      if (slots[here] === upper && (slots[here + 1] as number) >>> 9 === lower) {
        this.#at = at
        return (((slots[here + 1] as number) & 511) << 16) | (slots[here + 2] as number)
      }
    }
    this.#at = at
    return -1
  }

  /** Adds a block under the fingerprint for which `next` has just given -1. Throws E_UNSUPPORTED for a block too many. */
  add(block: number): void {
    if (block > MAX_BLOCK) throw new RekeyError('E_UNSUPPORTED', 'a plan of more than two thousand million records')
    const { slots } = this.#segment
    slots[this.#at] = this.#print >>> 7
    slots[this.#at + 1] = ((this.#print & 127) << 9) | (block >>> 16)
    slots[this.#at + 2] = block & 0xffff
    this.#segment.used++
  }

  /** Puts another block in the place of one that `next` has given under this fingerprint. */
  replace(old: number, block: number): void {
    const { slots } = this.#segment
    this.#at = home(this.#print, this.#segment.count)
    for (let found = this.next(); found !== -1; found = this.next()) {
      if (found !== old) continue
      const at = (this.#at === 0 ? slots.length : this.#at) - WORDS
      slots[at + 1] = ((this.#print & 127) << 9) | (block >>> 16)
      slots[at + 2] = block & 0xffff
      return
    }
  }

  #segmentOf(word: number): Segment {
    const number = word & (SEGMENTS - 1)
    const segment = this.#segments[number]
    if (segment !== undefined) return segment
    // Segments begin with different sizes, so that they do not all grow, and stand half empty, at the same time.
    while (this.#segments.length <= number) {
      this.#segments.push(new Segment(Math.round(FIRST_SLOTS * GROWTH ** (this.#segments.length / SEGMENTS))))
    }
    return this.#segments[number] as Segment
  }

  /** bytes of all slots, full and free */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.slots.byteLength, 0)
  }
}

/** An open-addressed table. A slot: the print's upper 16 bits, its lower 7 and the block's upper 9, its lower 16. */
class Segment {
  /** how many slots there are */
  count: number
  slots: Uint16Array
  used = 0
  #full: number

  constructor(count: number) {
    this.count = count
    this.slots = new Uint16Array(count * WORDS)
    this.#full = count * FULL
  }

  makeRoom(): void {
    if (this.used >= this.#full) this.#grow()
  }

  #grow(): void {
    const old = this.slots
    const count = Math.ceil(this.count * GROWTH)
    const slots = new Uint16Array(count * WORDS)
    const end = slots.length
    for (let from = 0; from < old.length; from += WORDS) {
      const upper = old[from] as number
      if (upper === 0) continue
      const middle = old[from + 1] as number
      let at = home((upper << 7) | (middle >>> 9), count)
      while (slots[at] !== 0) {
        at += WORDS
        if (at === end) at = 0
      }
      slots[at] = upper
      slots[at + 1] = middle
      slots[at + 2] = old[from + 2] as number
    }
    this.count = count
    this.slots = slots
    this.#full = count * FULL
  }
}

/** 23 bits of the word. The upper 16 of them are never all zero: that is how a free slot looks. */
function printOf(word: number): number {
  const print = word >>> 9
  return print < 128 ? print + 128 : print
}

/** The slot at which the search for a print of 23 bits begins, as an index into the words. */
function home(print: number, slots: number): number {
  // Made a whole number by `| 0`, which unlike Math.floor leaves a small integer.
  return ((print * slots * 2 ** -23) | 0) * WORDS
}
