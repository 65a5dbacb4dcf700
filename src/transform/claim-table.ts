/**
 * Where a fingerprint was seen: a multiset of pairs of fingerprint and block, 6 bytes a slot, 7.7 bytes a pair on average.
 * It may name blocks in which the key is not, and never leaves out one in which it is: who asks looks there.
 *
 * The upper 10 bits of a fingerprint choose the section. A slot holds the other 22 bits, which also say where in its
 * section a pair stands, so a section grows without the keys, and a block's number of 26 bits. In ten million records
 * about one look in two hundred is in vain.
 */
import { RekeyError } from '../record/errors.ts'

const SECTIONS = 1024
const PRINT_BITS = 22
const WORDS = 3
/**
 * Fuller sections are searched longer, and those that grow by less grow more often; between them, these two cost the
 * least time that 16 bytes a key allow.
 */
const FULL = 0.9
const GROWTH = 1.33
const FIRST_SLOTS = 64
const MAX_BLOCK = 2 ** 26 - 1

export class ClaimTable {
  /**
   * A section is an open-addressed table. A slot: the print's upper 16 bits, its lower 6 and the block's upper 10, the
   * block's lower 16.
   */
  readonly #sections: Uint16Array<ArrayBuffer>[] = []
  /** how many slots each has, how many of them are in use, and how many may be */
  readonly #counts = new Int32Array(SECTIONS)
  readonly #used = new Int32Array(SECTIONS)
  readonly #full = new Int32Array(SECTIONS)
  /** what is sought: its section, its print, and the index at which the search has come */
  #section = 0
  #print = 0
  #at = 0

  constructor() {
    for (let section = 0; section < SECTIONS; section++) {
      // They begin with different sizes, so that they do not all grow, and stand half empty, at the same time.
      this.#setSize(section, Math.round(FIRST_SLOTS * GROWTH ** (section / SECTIONS)))
    }
  }

  /**
   * Reads the slot at which the search for a fingerprint will begin, and gives what stands there. A table of millions
   * is slow because each search waits for memory; reads that do not wait for each other are five times as fast.
   */
  touch(fingerprint: number): number {
    const section = fingerprint >>> PRINT_BITS
    return (this.#sections[section] as Uint16Array)[
      home(printOf(fingerprint), this.#counts[section] as number)
    ] as number
  }

  /**
   * Adds a block under a fingerprint of 32 bits where nothing stands under that yet, and says whether that was so; if
   * not, `next` gives what does.
   */
  addNew(fingerprint: number, block: number): boolean {
    this.seek(fingerprint)
    const slots = this.#sections[this.#section] as Uint16Array
    const print = this.#print
    const upper = print >>> 6
    let at = this.#at
    for (let found = slots[at]; found !== 0; found = slots[at]) {
      if (found === upper && (slots[at + 1] as number) >>> 10 === (print & 63)) return false
      at += WORDS
      if (at === slots.length) at = 0
    }
    this.#at = at
    this.add(block)
    return true
  }

  /** Begins to look for a fingerprint. */
  seek(fingerprint: number): void {
    const section = fingerprint >>> PRINT_BITS
    if ((this.#used[section] as number) >= (this.#full[section] as number)) this.#grow(section)
    this.#section = section
    this.#print = printOf(fingerprint)
    this.#at = home(this.#print, this.#counts[section] as number)
  }

  /** The next block under the fingerprint, -1 when there is none left. */
  next(): number {
    const slots = this.#sections[this.#section] as Uint16Array
    const upper = this.#print >>> 6
    const lower = this.#print & 63
    let at = this.#at
    while (slots[at] !== 0) {
      const here = at
      at += WORDS
      if (at === slots.length) at = 0
      if (slots[here] === upper && (slots[here + 1] as number) >>> 10 === lower) {
        this.#at = at
        return (((slots[here + 1] as number) & 1023) << 16) | (slots[here + 2] as number)
      }
    }
    this.#at = at
    return -1
  }

  /** Adds a block under the fingerprint for which `next` has just given -1. Throws E_UNSUPPORTED for a block too many. */
  add(block: number): void {
    if (block > MAX_BLOCK) throw new RekeyError('E_UNSUPPORTED', 'a plan of more than two thousand million records')
    const slots = this.#sections[this.#section] as Uint16Array
    const at = this.#at
    slots[at] = this.#print >>> 6
    slots[at + 1] = ((this.#print & 63) << 10) | (block >>> 16)
    slots[at + 2] = block & 0xffff
    ;(this.#used[this.#section] as number)++
  }

  /** Puts another block in the place of one that `next` has given under this fingerprint. */
  replace(old: number, block: number): void {
    const slots = this.#sections[this.#section] as Uint16Array
    this.#at = home(this.#print, this.#counts[this.#section] as number)
    for (let found = this.next(); found !== -1; found = this.next()) {
      if (found !== old) continue
      const at = (this.#at === 0 ? slots.length : this.#at) - WORDS
      slots[at + 1] = ((this.#print & 63) << 10) | (block >>> 16)
      slots[at + 2] = block & 0xffff
      return
    }
  }

  /** bytes of all slots, full and free */
  get bytes(): number {
    return this.#sections.reduce((sum, slots) => sum + slots.byteLength, 0)
  }

  #setSize(section: number, count: number): Uint16Array {
    const slots = new Uint16Array(count * WORDS)
    this.#sections[section] = slots
    this.#counts[section] = count
    this.#full[section] = Math.floor(count * FULL)
    return slots
  }

  #grow(section: number): void {
    const old = this.#sections[section] as Uint16Array<ArrayBuffer>
    const count = Math.ceil((this.#counts[section] as number) * GROWTH)
    const slots = this.#setSize(section, count)
    const end = slots.length
    for (let from = 0; from < old.length; from += WORDS) {
      const upper = old[from] as number
      if (upper === 0) continue
      const middle = old[from + 1] as number
      let at = home((upper << 6) | (middle >>> 10), count)
      while (slots[at] !== 0) {
        at += WORDS
        if (at === end) at = 0
      }
      slots[at] = upper
      slots[at + 1] = middle
      slots[at + 2] = old[from + 2] as number
    }
    letGo(old)
  }
}

/**
 * Gives memory back that has outlived many collections. Left to itself it waits for a full one, and up to 64 MB of it
 * pile up until then; moved to a buffer that nobody has, it goes with the young.
 */
function letGo(slots: Uint16Array<ArrayBuffer>): void {
  structuredClone(undefined, { transfer: [slots.buffer] })
}

/** The lower 22 bits. The upper 16 of them are never all zero: that is how a free slot looks. */
function printOf(fingerprint: number): number {
  const print = fingerprint & 0x3fffff
  return print < 64 ? print + 64 : print
}

/** The slot at which the search for a print begins, as an index into the words. */
function home(print: number, slots: number): number {
  // Made a whole number by `| 0`, which unlike Math.floor leaves a small integer.
  return ((print * slots * 2 ** -22) | 0) * WORDS
}
