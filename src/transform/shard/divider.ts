/**
 * Which part each line goes to: the heaviest first, each to the part that is the least loaded, the lowest number where
 * several are. What is decided hangs on the lines and their order alone, never on how they come in batches.
 */
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Scratch } from '../../stage/stage.ts'
import { LineSpool } from './line-spool.ts'
import { Loads } from './loads.ts'
import type { PartSpool } from './part-spool.ts'

/**
 * Records of different weight are put in order among so many, so that memory has a bound; the last ones among up to twice
 * as many, so that what comes late and heavy has enough behind it that is light.
 */
export const BLOCK_RECORDS = 256 * 1024

export interface Item {
  readonly lineText: string
  /** 0 or more */
  readonly weight: number
  /** what is never divided, where there is such */
  readonly group: Key | undefined
}

export interface Divider {
  /** a promise where the next item must wait */
  add(item: Item): Promise<void> | undefined
  /** lets go of what need not be in memory; to be called between batches */
  settle(): Promise<void>
  /** behind the last item: all lines are in their parts then */
  finish(): Promise<void>
  /** what a part has come to */
  weightOf(part: number): number
  close(): void
}

/** `even` for items of weight 1, `weighted` for each by itself, `groups` for what has one. */
export function dividerFor(
  how: 'even' | 'weighted' | 'groups',
  parts: number,
  spool: PartSpool,
  openScratch: () => Promise<Scratch>,
  blockRecords: number = BLOCK_RECORDS,
): Divider {
  const loads = new Loads(parts)
  if (how === 'even') return evenDivider(loads, spool)
  return how === 'groups'
    ? new GroupDivider(loads, spool, openScratch)
    : new WeightDivider(loads, spool, openScratch, blockRecords)
}

/** Of items that weigh the same, the order in which they come is that of their weight. */
function evenDivider(loads: Loads, spool: PartSpool): Divider {
  return {
    add: ({ lineText }) => spool.addText(loads.place(1), lineText),
    settle: async () => {},
    finish: async () => {},
    weightOf: (part) => loads.of(part),
    close: () => {},
  }
}

interface Block {
  readonly lines: LineSpool
  readonly weights: Float64Array
  count: number
}

/** Each by itself. Holds the weights of two blocks: the older one is placed when both are full. */
class WeightDivider implements Divider {
  readonly #loads: Loads
  readonly #spool: PartSpool
  readonly #openScratch: () => Promise<Scratch>
  readonly #blockRecords: number
  #older: Block
  #newer: Block

  constructor(loads: Loads, spool: PartSpool, openScratch: () => Promise<Scratch>, blockRecords: number) {
    this.#loads = loads
    this.#spool = spool
    this.#openScratch = openScratch
    this.#blockRecords = blockRecords
    this.#older = this.#newBlock()
    this.#newer = this.#newBlock()
  }

  add({ lineText, weight }: Item): Promise<void> | undefined {
    const block = this.#newer
    block.lines.add(block.count, lineText)
    block.weights[block.count++] = weight
    return block.count < this.#blockRecords ? undefined : this.#next()
  }

  settle(): Promise<void> {
    return this.#newer.lines.settle()
  }

  finish(): Promise<void> {
    return this.#place([this.#older, this.#newer])
  }

  weightOf(part: number): number {
    return this.#loads.of(part)
  }

  close(): void {
    for (const { lines } of [this.#older, this.#newer]) lines.close()
  }

  #newBlock(): Block {
    return { lines: new LineSpool(this.#openScratch), weights: new Float64Array(this.#blockRecords), count: 0 }
  }

  async #next(): Promise<void> {
    await this.#newer.lines.settle()
    await this.#place([this.#older])
    this.#older = this.#newer
    this.#newer = this.#newBlock()
  }

  /** The heaviest of all the blocks first; the lines in their order. */
  async #place(blocks: readonly Block[]): Promise<void> {
    const all = new Float64Array(blocks.reduce((sum, { count }) => sum + count, 0))
    let end = 0
    for (const { weights, count } of blocks) {
      all.set(weights.subarray(0, count), end)
      end += count
    }
    const parts = this.#loads.placeAll(all)
    let first = 0
    for (const { lines, count } of blocks) {
      const start = first
      await lines.drain((number, line) => this.#spool.add(parts[start + number] as number, line))
      lines.close()
      first += count
    }
  }
}

/** All lines of a group together. Holds each group's name and weight. */
class GroupDivider implements Divider {
  readonly #loads: Loads
  readonly #spool: PartSpool
  readonly #lines: LineSpool
  readonly #ofText = new Map<string, number>()
  readonly #ofBytes = new Map<string, number>()
  readonly #weights: number[] = []

  constructor(loads: Loads, spool: PartSpool, openScratch: () => Promise<Scratch>) {
    this.#loads = loads
    this.#spool = spool
    this.#lines = new LineSpool(openScratch)
  }

  add({ lineText, weight, group = '' }: Item): undefined {
    const isText = typeof group === 'string'
    const name = isText ? group : keyText(group)
    const numbers = isText ? this.#ofText : this.#ofBytes
    let number = numbers.get(name)
    if (number === undefined) {
      number = this.#weights.push(0) - 1
      numbers.set(name, number)
    }
    this.#weights[number] = (this.#weights[number] as number) + weight
    this.#lines.add(number, lineText)
  }

  settle(): Promise<void> {
    return this.#lines.settle()
  }

  async finish(): Promise<void> {
    const parts = this.#loads.placeAll(Float64Array.from(this.#weights))
    await this.#lines.drain((number, line) => this.#spool.add(parts[number] as number, line))
  }

  weightOf(part: number): number {
    return this.#loads.of(part)
  }

  close(): void {
    this.#lines.close()
  }
}
