/**
 * Who wants which key: enters the moves of a plan and finds those that stand against each other. Exact: a fingerprint
 * only says where to look, and the keys themselves are compared.
 * Holds 15 bytes a move, at most 16, two megabytes, and the names of the stores; the keys are in a scratch file.
 */
import { Fingerprinter } from '../record/fingerprint.ts'
import type { Key } from '../record/key.ts'
import { sameKey } from '../record/key.ts'
import type { Scratch } from '../stage/stage.ts'
import { ClaimTable } from './claim-table.ts'
import type { Move, Place } from './move-file.ts'
import { MoveFile } from './move-file.ts'
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

export class Ledger {
  readonly #fingerprinter = new Fingerprinter()
  readonly #table = new ClaimTable()
  readonly #file: MoveFile
  readonly #stores = new StoreNumbers()

  constructor(openScratch: () => Promise<Scratch>) {
    this.#file = new MoveFile(openScratch)
  }

  /**
   * Enters a move, unless its source was entered before, and gives what was entered before that touches it; undefined
   * when nothing does. A store is a location, empty where there is none.
   */
  enter(store: string, key: Key, toStore: string, to: Key, rank: number): Found | undefined {
    const file = this.#file
    const source = file.writeSource(this.#stores.numberOf(store), key)
    const atSource = this.#movesAt(source)
    if (atSource?.some((move) => move.comesFrom)) return { duplicate: true, claimants: [] }
    this.#table.add(file.block)
    const destination = file.writeDestination(this.#stores.numberOf(toStore), to, rank)
    const atDestination = this.#movesAt(destination)
    this.#claim(atDestination, rank)
    file.keep()
    if (atSource === undefined && atDestination === undefined) return undefined
    return {
      duplicate: false,
      claimants: claimants(atDestination, -1, key),
      inTheWay: atDestination?.find((move) => move.comesFrom)?.key,
      onto: atSource?.find((move) => move.goesTo)?.key,
    }
  }

  /** What touches the destination of a move that was entered, among all that were entered. */
  look(store: string, key: Key, toStore: string, to: Key): Found {
    const storeNumber = this.#stores.numberOf(store)
    this.#file.writeSource(storeNumber, key)
    const moves = this.#movesAt(this.#file.writeDestination(this.#stores.numberOf(toStore), to, 0))
    return {
      duplicate: false,
      claimants: claimants(moves, storeNumber, key),
      inTheWay: moves?.find((move) => move.comesFrom)?.key,
    }
  }

  /** Lets go of what need not be in memory. To be called between batches. */
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

  /** The moves that touch a place, in their order; undefined when there are none. Leaves the table ready for `add`. */
  #movesAt(place: Place): Move[] | undefined {
    this.#fingerprinter.takeWords(place.words, place.first, place.byteLength, place.store)
    const { words } = this.#fingerprinter
    this.#table.seek(words[0] as number, words[1] as number)
    const first = this.#table.next()
    return first === -1 ? undefined : this.#movesInBlocks(first, place)
  }

  #movesInBlocks(first: number, place: Place): Move[] | undefined {
    const blocks = new Set<number>()
    for (let block = first; block !== -1; block = this.#table.next()) blocks.add(block)
    const moves = [...blocks].flatMap((block) => this.#file.movesAt(block, place))
    return moves.length === 0 ? undefined : moves.sort((a, b) => a.position - b.position)
  }

  /** Sees to it that the best claimants can be found under the destination that was sought last. */
  #claim(moves: readonly Move[] | undefined, rank: number): void {
    const { block } = this.#file
    const others = moves?.filter((move) => move.goesTo).sort(byRank) ?? []
    const last = others[CLAIMANTS - 1]
    if (last === undefined) this.#table.add(block)
    else if (rank < last.rank) this.#table.replace(last.block, block)
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
  return a.rank === b.rank ? a.position - b.position : a.rank < b.rank ? -1 : 1
}
