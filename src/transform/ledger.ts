/**
 * Who wants which key: enters the moves of a plan and finds those that stand against each other. Exact: a fingerprint
 * only says where to look, and the keys themselves are compared.
 * Holds 15.5 bytes a move on average, at most 16, or 10 where it is by the renaming of the plan; two megabytes, and the names
 * of the stores. The keys are in a scratch file.
 */
import type { Key } from '../record/key.ts'
import { sameKey } from '../record/key.ts'
import type { Scratch } from '../stage/stage.ts'
import { AskedPlace } from './asked-place.ts'
import { ClaimTable } from './claim-table.ts'
import { BLOCK, MoveFile, NEW_WORDS, PRINT, TO_PRINT } from './move-file.ts'
import type { Move, Place } from './move-rows.ts'
import type { Renaming } from './renaming.ts'
import { StoreNumbers } from './store-numbers.ts'

/** How many of those that want one destination can be found again: the best, and one to name to the best. */
const CLAIMANTS = 2

/** A move that wants the destination. */
export interface Claimant {
  readonly key: Key
  readonly rank: number
  /** the move that was asked about */
  readonly mine: boolean
}

/** What touches a move. */
export interface Found {
  /** its source was entered before */
  readonly duplicate: boolean
  /** those that want its destination, the best first: least rank, then first in the input; at least the best two */
  readonly claimants: readonly Claimant[]
  /** the key that is its destination is itself to be moved: that key */
  readonly inTheWay?: Key | undefined
  /** its own key is where this key goes */
  readonly onto?: Key | undefined
}

const UNTOUCHED: Found = { duplicate: false, claimants: [] }

/** A move that others touch, by its number among those that were entered since the last check. */
export interface Touched {
  readonly index: number
  readonly found: Found
}

export class Ledger {
  readonly #table = new ClaimTable()
  readonly #file: MoveFile
  readonly #stores = new StoreNumbers()
  readonly #asked = new AskedPlace()
  readonly #prefixes: { readonly from: Buffer; readonly to: Buffer } | undefined
  readonly #origin = new AskedPlace()
  /** which kinds of moves have been entered */
  #anyRenamed = false
  #anyOther = false

  /** `renaming`: that of the plan, no key of which is both taken and made by it */
  constructor(openScratch: () => Promise<Scratch>, renaming?: Renaming) {
    this.#file = new MoveFile(openScratch)
    if (renaming === undefined) return
    this.#prefixes = { from: Buffer.from(renaming.from), to: Buffer.from(renaming.to) }
    // A move by the renaming has one fingerprint in the table, where any other has two.
    this.#table.isRoomy = true
  }

  /** Enters a move, to be checked. A store is a location, empty where there is none. */
  enter(store: string, key: Key, toStore: string, to: Key, rank: number): void {
    this.#anyOther = true
    this.#table.isRoomy = false
    this.#file.add(this.#stores.numberOf(store), key, this.#stores.numberOf(toStore), to, rank)
  }

  /** Enters a move of a key within its store to what the renaming makes of it. */
  enterRenamed(store: string, key: string, rank: number): void {
    this.#anyRenamed = true
    this.#file.addRenamed(this.#stores.numberOf(store), key, rank)
  }

  /**
   * The moves entered since the last check that one before them touches, each with what that is. One whose source was
   * entered before is a duplicate, and touches nothing that comes later.
   */
  check(): readonly Touched[] {
    const touched: Touched[] = []
    const file = this.#file
    file.end()
    const { news, newCount } = file
    this.#touch(news, newCount)
    for (let index = 0; index < newCount; index++) {
      const found = this.#checkOne(news, index * NEW_WORDS)
      if (found !== undefined) touched.push({ index, found })
    }
    file.forgetNew()
    return touched
  }

  /** What touches the destination of a move that was entered, among all that were. */
  look(store: string, key: Key, toStore: string, to: Key): Found {
    // Two moves by the renaming that touch have one source, and the second of them was a duplicate.
    if (!this.#anyOther) return UNTOUCHED
    const storeNumber = this.#stores.numberOf(store)
    const asked = this.#asked
    asked.take(this.#stores.numberOf(toStore), to)
    // Each that touches it stands under its fingerprint for itself, and one of them is this move.
    if (!this.#anyRenamed && this.#table.blocksUnder(asked.print).length === 1) return UNTOUCHED
    const moves = this.#movesUnder(asked.print, asked, Number.POSITIVE_INFINITY)
    return {
      duplicate: false,
      claimants: claimants(moves, storeNumber, key),
      inTheWay: moves?.find((move) => move.comesFrom)?.key,
    }
  }

  /** Lets go of what need not be in memory. To be called between batches, when all is checked. */
  async settle(): Promise<void> {
    if (this.#file.isFull) await this.#file.spill()
  }

  close(): void {
    this.#file.close()
  }

  /** bytes of the table, for who measures */
  get tableBytes(): number {
    return this.#table.bytes
  }

  /** Has the memory that the search will need brought near. The sum keeps it from being left out as useless. */
  #touch(news: Int32Array, newCount: number): number {
    const table = this.#table
    let sum = 0
    for (let at = 0; at < newCount * NEW_WORDS; at += NEW_WORDS) sum += table.touch(news[at + PRINT] as number)
    if (!this.#anyOther) return sum
    for (let at = 0; at < newCount * NEW_WORDS; at += NEW_WORDS) sum += table.touch(news[at + TO_PRINT] as number)
    return sum
  }

  #checkOne(news: Int32Array, at: number): Found | undefined {
    const table = this.#table
    const file = this.#file
    const block = news[at + BLOCK] as number
    const print = news[at + PRINT] as number
    const isRenamed = !this.#anyOther || (this.#anyRenamed && file.isRenamed(at))
    const isFree = table.addNew(print, block)
    let atSource: Move[] | undefined
    // What the renaming takes it does not make, so it goes to no source of its own.
    if (!isFree || (this.#anyRenamed && !isRenamed)) {
      atSource = this.#movesUnder(print, file.sourceOf(at), file.numberOf(at), isFree)
      if (atSource?.some((move) => move.comesFrom)) {
        file.cancel(at)
        return { duplicate: true, claimants: [] }
      }
      if (!isFree) table.add(print, block)
    }
    const atDestination = isRenamed ? this.#atRenamed(at) : this.#atOther(at, news[at + TO_PRINT] as number, block)
    return atSource === undefined && atDestination === undefined ? undefined : touching(atSource, atDestination)
  }

  /** What touches the destination of a new move by the renaming, which another such move does only by the same source. */
  #atRenamed(at: number): Move[] | undefined {
    if (!this.#anyOther || this.#prefixes === undefined) return undefined
    const asked = this.#asked
    asked.takeRenamed(this.#file.sourceOf(at), this.#prefixes.from, this.#prefixes.to)
    return this.#movesIn(this.#table.blocksUnder(asked.print), asked, undefined, this.#file.numberOf(at))
  }

  /** What touches the destination of any other new move, under whose fingerprint it is entered. */
  #atOther(at: number, toPrint: number, block: number): Move[] | undefined {
    const isFree = this.#table.addNew(toPrint, block)
    if (isFree && !this.#anyRenamed) return undefined
    const moves = this.#movesUnder(toPrint, this.#file.destinationOf(at), this.#file.numberOf(at), isFree)
    if (!isFree) this.#claim(toPrint, moves ?? [], block, this.#file.rankOf(at))
    return moves
  }

  /** The moves before a number that touch a place, which has this fingerprint. `isFree`: none of them stands under that. */
  #movesUnder(print: number, place: Place, limit: number, isFree = false): Move[] | undefined {
    const origin = this.#originOf(place)
    const blocks = isFree ? [] : this.#table.blocksUnder(print)
    if (origin !== undefined) blocks.push(...this.#table.blocksUnder(origin.print))
    return this.#movesIn(blocks, place, origin, limit)
  }

  #movesIn(blocks: readonly number[], place: Place, origin: Place | undefined, limit: number): Move[] | undefined {
    if (blocks.length === 0) return undefined
    const moves = [...new Set(blocks)].flatMap((block) => this.#file.movesAt(block, place, origin, limit))
    return moves.length === 0 ? undefined : moves.sort((a, b) => a.number - b.number)
  }

  /** What the renaming makes a place of, under whose fingerprint alone that move is entered. */
  #originOf(place: Place): AskedPlace | undefined {
    if (!this.#anyRenamed || this.#prefixes === undefined) return undefined
    const { from, to } = this.#prefixes
    return this.#origin.takeRenamed(place, to, from) ? this.#origin : undefined
  }

  /** Sees to it that the best claimants can be found: those that are not entered under their sources alone. */
  #claim(print: number, moves: readonly Move[], block: number, rank: number): void {
    const claimants = moves.filter((move) => move.goesTo && !move.isRenamed).sort(byRank)
    const last = claimants[CLAIMANTS - 1]
    if (last === undefined) this.#table.add(print, block)
    else if (rank < last.rank) this.#table.replace(print, last.block, block)
  }
}

function touching(atSource: readonly Move[] | undefined, atDestination: readonly Move[] | undefined): Found {
  return {
    duplicate: false,
    claimants: claimants(atDestination, -1, ''),
    inTheWay: atDestination?.find((move) => move.comesFrom)?.key,
    onto: atSource?.find((move) => move.goesTo)?.key,
  }
}

function claimants(moves: readonly Move[] | undefined, store: number, key: Key): Claimant[] {
  return (moves ?? [])
    .filter((move) => move.goesTo)
    .sort(byRank)
    .map((move) => ({ key: move.key, rank: move.rank, mine: move.store === store && sameKey(move.key, key) }))
}

function byRank(a: Move, b: Move): number {
  // Not by subtraction: two ranks may both be infinite.
  return a.rank === b.rank ? a.number - b.number : a.rank < b.rank ? -1 : 1
}
