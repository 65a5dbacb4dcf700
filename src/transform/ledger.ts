/**
 * Who wants which key: enters the moves of a plan and finds those that stand against each other. Exact: a fingerprint
 * only says where to look, and the keys themselves are compared.
 * Holds 15.5 bytes a move on average, at most 16, two megabytes, and the names of the stores; the keys are in a scratch file.
 */
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

/** A move that others touch, by its number among those that were entered since the last check. */
export interface Touched {
  readonly index: number
  readonly found: Found
}

/** Words that are kept of a move until it is checked: its row, its block, and both fingerprints. */
const PENDING_WORDS = 6

export class Ledger {
  readonly #table = new ClaimTable()
  readonly #file: MoveFile
  readonly #stores = new StoreNumbers()
  #pending = new Int32Array(1024 * PENDING_WORDS)
  #pendingCount = 0

  constructor(openScratch: () => Promise<Scratch>) {
    this.#file = new MoveFile(openScratch)
  }

  /** Enters a move, to be checked. A store is a location, empty where there is none. */
  enter(store: string, key: Key, toStore: string, to: Key, rank: number): void {
    const file = this.#file
    const at = this.#pendingCount++ * PENDING_WORDS
    if (at === this.#pending.length) this.#pending = enlarged(this.#pending)
    const pending = this.#pending
    pending[at] = file.write(this.#stores.numberOf(store), key, this.#stores.numberOf(toStore), to, rank)
    pending[at + 1] = file.block
    file.keep()
    const { prints } = file
    pending[at + 2] = prints[0] as number
    pending[at + 3] = prints[1] as number
    pending[at + 4] = prints[2] as number
    pending[at + 5] = prints[3] as number
  }

  /**
   * The moves entered since the last check that one before them touches, each with what that is. One whose source was
   * entered before is a duplicate, and touches nothing that comes later.
   */
  check(): readonly Touched[] {
    const touched: Touched[] = []
    const end = this.#pendingCount * PENDING_WORDS
    for (let at = 2; at < end; at += PENDING_WORDS) this.#touch(at)
    for (let index = 0; index < this.#pendingCount; index++) {
      const found = this.#checkOne(index * PENDING_WORDS)
      if (found !== undefined) touched.push({ index, found })
    }
    this.#pendingCount = 0
    return touched
  }

  /** What touches the destination of a move, among all that were entered. */
  look(store: string, key: Key, toStore: string, to: Key): Found {
    const file = this.#file
    const storeNumber = this.#stores.numberOf(store)
    const row = file.write(storeNumber, key, this.#stores.numberOf(toStore), to, 0)
    const { prints } = file
    this.#table.seek(prints[2] as number, prints[3] as number)
    const block = this.#table.next()
    const moves = block === -1 ? undefined : this.#movesFrom(block, row, file.destinationOf(row))
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

  #touch(at: number): number {
    const pending = this.#pending
    return (
      this.#table.touch(pending[at] as number, pending[at + 1] as number) +
      this.#table.touch(pending[at + 2] as number, pending[at + 3] as number)
    )
  }

  #checkOne(at: number): Found | undefined {
    const table = this.#table
    const pending = this.#pending
    const row = pending[at] as number
    const block = pending[at + 1] as number
    table.seek(pending[at + 2] as number, pending[at + 3] as number)
    const sourceBlock = table.next()
    const atSource = sourceBlock === -1 ? undefined : this.#movesFrom(sourceBlock, row, this.#file.sourceOf(row))
    if (atSource?.some((move) => move.comesFrom)) {
      this.#file.forget(row)
      return { duplicate: true, claimants: [] }
    }
    table.add(block)
    table.seek(pending[at + 4] as number, pending[at + 5] as number)
    const toBlock = table.next()
    const atDestination = toBlock === -1 ? undefined : this.#movesFrom(toBlock, row, this.#file.destinationOf(row))
    if (atDestination === undefined) table.add(block)
    else this.#claim(atDestination, block, row)
    return atSource === undefined && atDestination === undefined ? undefined : touching(atSource, atDestination)
  }

  /** The moves before the row that touch a place, from the block that the table gave and those it still gives. */
  #movesFrom(first: number, row: number, place: Place): Move[] | undefined {
    const limit = this.#file.positionOf(row)
    const blocks = new Set<number>()
    for (let block = first; block !== -1; block = this.#table.next()) blocks.add(block)
    const moves = [...blocks].flatMap((block) => this.#file.movesAt(block, place, limit))
    return moves.length === 0 ? undefined : moves.sort((a, b) => a.position - b.position)
  }

  /** Sees to it that the best claimants can be found under the destination that was sought last. */
  #claim(moves: readonly Move[], block: number, row: number): void {
    const last = moves.filter((move) => move.goesTo).sort(byRank)[CLAIMANTS - 1]
    if (last === undefined) this.#table.add(block)
    else if (this.#file.rankOf(row) < last.rank) this.#table.replace(last.block, block)
  }
}

function enlarged(words: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2)
  larger.set(words)
  return larger
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
  return a.rank === b.rank ? a.position - b.position : a.rank < b.rank ? -1 : 1
}
