/**
 * Where a fingerprint was seen: a multiset of pairs of fingerprint and block, 8 bytes a pair or fewer, 10 where it is roomy. It
 * may name blocks in which the key is not, and never leaves out one in which it is: who asks looks there.
 *
 * Nearly every fingerprint of a plan is new, and a filter says so by one look at memory. So a pair is only put behind the
 * last one of its section, and a section is read, from its end to its beginning, where its filter does not know.
 */
import { RekeyError } from '../record/errors.ts'
import { letGo } from '../record/let-go.ts'

/** The upper bits of a fingerprint choose the section. When sections have so many pairs on average, each becomes two. */
const FIRST_SECTION_BITS = 10
const FULL_SECTION = 350
const MAX_BLOCK = 2 ** 26 - 1

/**
 * A section is a chain of pages of 128 words of 16 bits. A page has 42 pairs: the lower 16 bits of their prints, the number
 * of the page before it, lower half first, of each pair the next 6 bits and the block's upper 10, and the block's lower 16.
 */
const PAGE_BITS = 7
const PAGE_MASK = 127
const PAGE_PAIRS = 42
const LINK = PAGE_PAIRS
const UPPER = LINK + 2
const BLOCK = UPPER + PAGE_PAIRS
/** Pages come in sheets of a megabyte. Page 0 is none. */
const SHEET_BITS = 19
const SHEET_WORDS = 1 << SHEET_BITS
const SHEET_MASK = SHEET_WORDS - 1
/** A place is a number of 32 bits. So many pages hold the pairs of some six hundred million moves. */
const MOST_PAGES = 2 ** (32 - PAGE_BITS)

/**
 * The filter has so many bits a pair when it is full, and is made so much larger then. A fingerprint has three bits in one
 * of its words, all of them set where it was added; of those that were not, so have one in forty, or one in two hundred in a
 * filter that is roomy.
 */
const FILTER_BITS = 7.5
const ROOMY_FILTER_BITS = 16
const FILTER_GROWTH = 1.5
const FIRST_FILTER_WORDS = 4096

export class ClaimTable {
  #sectionBits = FIRST_SECTION_BITS
  /** where the next pair of each section goes; the end of a page when that is full, that of page 0 when there is none */
  #ends = new Int32Array(1 << FIRST_SECTION_BITS).fill(PAGE_PAIRS)
  #pairs = 0
  readonly #sheets: Uint16Array[] = []
  #pages = 1
  /** the first of a chain of pages that no section has */
  #free = 0
  #filter = new Int32Array(FIRST_FILTER_WORDS)
  readonly #mostPages: number
  /** whether searches are to be rarer and the filter twice as large; at 10 bytes a pair, where it is 8 otherwise */
  isRoomy = false

  constructor(mostPages = MOST_PAGES) {
    this.#mostPages = mostPages
  }

  /**
   * Reads what the search for a fingerprint will begin with, and gives it. A filter of millions is slow because each
   * search waits for memory; reads that do not wait for each other are several times as fast.
   */
  touch(print: number): number {
    return this.#filter[filterWord(print, this.#filter.length)] as number
  }

  /** Adds a block under a fingerprint of 32 bits where nothing stands under that yet, and says whether that was so. */
  addNew(print: number, block: number): boolean {
    if (this.#mayHave(print) && this.blocksUnder(print).length > 0) return false
    this.add(print, block)
    return true
  }

  /** Adds a block under a fingerprint. Throws E_UNSUPPORTED for a block or a page too many. */
  add(print: number, block: number): void {
    if (block > MAX_BLOCK) throw tooLarge()
    const bitsAPair = this.isRoomy ? ROOMY_FILTER_BITS : FILTER_BITS
    if (this.#pairs * bitsAPair >= this.#filter.length * 32) this.#growFilter()
    if (this.#pairs >= FULL_SECTION << this.#sectionBits) this.#splitSections()
    this.#pairs++
    const word = filterWord(print, this.#filter.length)
    this.#filter[word] = (this.#filter[word] as number) | filterBits(print)
    this.#append(print, upperWord(print, block), block)
  }

  /** The blocks under a fingerprint, each as often as it was added. */
  blocksUnder(print: number): number[] {
    const blocks: number[] = []
    if (!this.#mayHave(print)) return blocks
    const [lower, upper] = [print & 0xffff, upperWord(print, 0)]
    for (let end = this.#endOf(print); end !== PAGE_PAIRS; end = this.#endBefore(end)) {
      const sheet = this.#sheetOf(end)
      const first = end & SHEET_MASK & ~PAGE_MASK
      for (let at = first; at < (end & SHEET_MASK); at++) {
        if (sheet[at] !== lower || ((sheet[at + UPPER] as number) & ~0x3ff) !== upper) continue
        blocks.push((((sheet[at + UPPER] as number) & 0x3ff) << 16) | (sheet[at + BLOCK] as number))
      }
    }
    return blocks
  }

  /** Puts another block in the place of one that stands under a fingerprint. */
  replace(print: number, old: number, block: number): void {
    const [lower, upper, oldLower] = [print & 0xffff, upperWord(print, old), old & 0xffff]
    for (let end = this.#endOf(print); end !== PAGE_PAIRS; end = this.#endBefore(end)) {
      const sheet = this.#sheetOf(end)
      const first = end & SHEET_MASK & ~PAGE_MASK
      for (let at = first; at < (end & SHEET_MASK); at++) {
        if (sheet[at] !== lower || sheet[at + UPPER] !== upper || sheet[at + BLOCK] !== oldLower) continue
        sheet[at + UPPER] = upperWord(print, block)
        sheet[at + BLOCK] = block
        return
      }
    }
  }

  /** bytes of all pages and filters */
  get bytes(): number {
    return this.#filter.byteLength + ((this.#pages * 2) << PAGE_BITS)
  }

  /** False where nothing stands under it. */
  #mayHave(print: number): boolean {
    const bits = filterBits(print)
    return (this.touch(print) & bits) === bits
  }

  #append(print: number, upper: number, block: number): void {
    const section = print >>> (32 - this.#sectionBits)
    let end = this.#ends[section] as number
    if ((end & PAGE_MASK) === PAGE_PAIRS) end = this.#addPage(end >>> PAGE_BITS)
    const sheet = this.#sheetOf(end)
    const at = end & SHEET_MASK
    sheet[at] = print
    sheet[at + UPPER] = upper
    sheet[at + BLOCK] = block
    this.#ends[section] = end + 1
  }

  #endOf(print: number): number {
    return this.#ends[print >>> (32 - this.#sectionBits)] as number
  }

  #sheetOf(place: number): Uint16Array {
    return this.#sheets[place >>> SHEET_BITS] as Uint16Array
  }

  /** The end of the page before that of a place. */
  #endBefore(place: number): number {
    const sheet = this.#sheetOf(place)
    const link = (place & SHEET_MASK & ~PAGE_MASK) + LINK
    return (((sheet[link] as number) | ((sheet[link + 1] as number) << 16)) << PAGE_BITS) | PAGE_PAIRS
  }

  /** A page behind another one, for its section; where its first pair goes. */
  #addPage(before: number): number {
    if (this.#free === 0 && this.#pages === this.#mostPages) throw tooLarge()
    const page = this.#free === 0 ? this.#pages++ : this.#free
    const place = page << PAGE_BITS
    if (place >>> SHEET_BITS === this.#sheets.length) this.#sheets.push(new Uint16Array(SHEET_WORDS))
    if (page === this.#free) this.#free = this.#endBefore(place) >>> PAGE_BITS
    this.#link(place, before)
    return place
  }

  #link(place: number, before: number): void {
    const sheet = this.#sheetOf(place)
    const link = (place & SHEET_MASK & ~PAGE_MASK) + LINK
    sheet[link] = before
    sheet[link + 1] = before >>> 16
  }

  /** Makes two of each section, of one after the other: the pages of each are free for those behind it. */
  #splitSections(): void {
    const ends = this.#ends
    const shift = 32 - this.#sectionBits
    this.#sectionBits++
    this.#ends = new Int32Array(ends.length * 2).fill(PAGE_PAIRS)
    for (let section = 0; section < ends.length; section++) this.#split(ends[section] as number, section << shift)
  }

  /** Puts the pairs of a section to those of the two that it becomes. `upperPrint`: what their prints begin with. */
  #split(lastEnd: number, upperPrint: number): void {
    for (let end = lastEnd; end !== PAGE_PAIRS; ) {
      const sheet = this.#sheetOf(end)
      const first = end & SHEET_MASK & ~PAGE_MASK
      for (let at = first; at < (end & SHEET_MASK); at++) {
        const upper = sheet[at + UPPER] as number
        this.#append(printOf(upperPrint, upper, sheet[at] as number), upper, sheet[at + BLOCK] as number)
      }
      const before = this.#endBefore(end)
      this.#link(end, this.#free)
      this.#free = end >>> PAGE_BITS
      end = before
    }
  }

  #growFilter(): void {
    const filter = new Int32Array(Math.ceil(this.#filter.length * FILTER_GROWTH))
    letGo(this.#filter)
    this.#filter = filter
    const shift = 32 - this.#sectionBits
    for (let section = 0; section < this.#ends.length; section++) {
      this.#fillFilter(this.#ends[section] as number, section << shift)
    }
  }

  #fillFilter(lastEnd: number, upperPrint: number): void {
    const filter = this.#filter
    const words = filter.length
    for (let end = lastEnd; end !== PAGE_PAIRS; end = this.#endBefore(end)) {
      const sheet = this.#sheetOf(end)
      const first = end & SHEET_MASK & ~PAGE_MASK
      for (let at = first; at < (end & SHEET_MASK); at++) {
        const print = printOf(upperPrint, sheet[at + UPPER] as number, sheet[at] as number)
        const word = filterWord(print, words)
        filter[word] = (filter[word] as number) | filterBits(print)
      }
    }
  }
}

function tooLarge(): RekeyError {
  const most = 'a plan of more than some six hundred million records cannot be searched for collisions'
  return new RekeyError('E_UNSUPPORTED', `${most}: rewrite it in parts, of which no two have destinations in common`)
}

/** The fingerprint of a pair in a section whose prints begin with `upperPrint`. */
function printOf(upperPrint: number, upperWord: number, lowerWord: number): number {
  return upperPrint | ((upperWord >>> 10) << 16) | lowerWord
}

/** Which word of the filter: by the upper bits, so that the filter of a section stands in one place. */
function filterWord(print: number, words: number): number {
  // Made a whole number by `| 0`, which unlike Math.floor leaves a small integer.
  return ((print >>> 0) * words * 2 ** -32) | 0
}

/** The second word of a pair. */
function upperWord(print: number, block: number): number {
  return (((print >>> 16) & 63) << 10) | (block >>> 16)
}

/** Multiplied first: the prints of one word have their upper bits in common. */
function filterBits(print: number): number {
  const mixed = Math.imul(print, 0x9e3779b1)
  return (1 << (mixed >>> 27)) | (1 << ((mixed >>> 22) & 31)) | (1 << ((mixed >>> 17) & 31))
}
