/** A table, and the one way on which requests go to it: in their turn, counted, each once. */
import { setMaxListeners } from 'node:events'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { RekeyError } from '../../record/errors.ts'
import type { Gate } from '../aws/gate.ts'
import { Pace } from '../aws/pace.ts'
import type { Item } from './attribute-value.ts'
import type { Capacity } from './capacity.ts'
import { asksForLess, failureOf } from './classify.ts'
import type { TableDescription } from './describe-table.ts'
import { describeTable } from './describe-table.ts'
import { ItemDigests } from './digest-item.ts'
import { tableLocation } from './location.ts'

export interface TableSettings {
  readonly client: DynamoDBClient
  readonly name: string
  readonly description: TableDescription
  readonly gate: Gate
  readonly read: Capacity
  readonly written: Capacity
  /** attributes that hold a time: the latest is an item's mtime */
  readonly mtimeFields: readonly string[]
  readonly now: () => number
}

/** What every answer may tell of the capacity that it took. */
interface Metered {
  readonly ConsumedCapacity?: Units | readonly Units[] | undefined
}

interface Units {
  readonly CapacityUnits?: number | undefined
}

export interface Request<Answer extends Metered> {
  /** the operation, as the service calls it; for messages and averages */
  readonly operation: string
  readonly isWrite: boolean
  /** names what it is about, for a message: `reading "a"` */
  readonly what: string
  /** units that it takes whatever its items are; 1 where it does not say */
  readonly leastUnits?: number
  send(client: DynamoDBClient, options: { readonly abortSignal: AbortSignal }): Promise<Answer>
  /** whether the answer leaves a part undone because that was too much at once */
  isCutShort?(answer: Answer): boolean
}

/** More would not fit into a condition. */
const MOST_ATTRIBUTES = 500

export class Table {
  readonly name: string
  readonly location: string
  readonly description: TableDescription
  readonly digests: ItemDigests
  readonly mtimeFields: readonly string[]
  readonly gate: Gate
  readonly read: Capacity
  readonly written: Capacity
  /** false once the server has shown that to it no document is like another: dynalite */
  comparesDocuments = true
  /** names of attributes that items of it were seen to have, as many as a condition has use for */
  readonly attributes = new Set<string>()
  /** false once the server has shown that it takes no transactions: dynalite */
  transacts = true
  readonly #settings: TableSettings
  readonly #siblings = new Map<string, Promise<Table>>()
  readonly #client: DynamoDBClient
  readonly #pace: Pace
  readonly #now: () => number
  readonly #signals = new WeakSet<AbortSignal>()

  constructor(settings: TableSettings) {
    const { client, name, description, gate, read, written, mtimeFields, now } = settings
    this.#settings = settings
    this.name = name
    this.location = tableLocation(name)
    this.description = description
    this.digests = new ItemDigests(description.schema)
    this.mtimeFields = mtimeFields
    this.gate = gate
    this.read = read
    this.written = written
    this.#client = client
    this.#pace = new Pace(gate)
    this.#now = now
  }

  /** Notes what an item has: an attribute that others lack may turn up on them. */
  saw(item: Item): void {
    if (this.attributes.size >= MOST_ATTRIBUTES) return
    for (const name of Object.keys(item)) this.attributes.add(name)
  }

  /** Another table of the same account and region; what it is asked is counted here. Throws what `describeTable` throws. */
  sibling(name: string): Promise<Table> {
    if (name === this.name) return Promise.resolve(this)
    const known = this.#siblings.get(name)
    if (known !== undefined) return known
    const opening = describeTable(this.#client, name).then(
      (description) => new Table({ ...this.#settings, name, description }),
    )
    this.#siblings.set(name, opening)
    opening.catch(() => this.#siblings.delete(name))
    return opening
  }

  /** Throws what the SDK throws, so that a caller can tell a condition that did not hold; `ask` throws RekeyErrors. */
  async attempt<Answer extends Metered>(request: Request<Answer>, signal: AbortSignal): Promise<Answer> {
    const { operation, isWrite, leastUnits } = request
    this.#allowListeners(signal)
    return await this.gate.run(async () => {
      const turn = await (isWrite ? this.written : this.read).turn(operation, signal, leastUnits)
      const sentMs = this.#now()
      try {
        const answer = await request.send(this.#client, { abortSignal: signal })
        turn.spent(unitsOf(answer))
        const isCutShort = request.isCutShort?.(answer) === true
        if (isCutShort) turn.refused()
        this.#pace.answered(operation, this.#now() - sentMs, isCutShort)
        return answer
      } catch (thrown) {
        turn.spent(0)
        const isTooMuch = asksForLess(thrown)
        if (isTooMuch) turn.refused()
        this.#pace.answered(operation, this.#now() - sentMs, isTooMuch)
        throw thrown
      }
    })
  }

  async ask<Answer extends Metered>(request: Request<Answer>, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.attempt(request, signal)
    } catch (thrown) {
      throw this.failure(thrown, request)
    }
  }

  failure(thrown: unknown, { what, isWrite }: Pick<Request<Metered>, 'what' | 'isWrite'>): RekeyError {
    return failureOf(thrown, `${this.location}: ${what}`, isWrite)
  }

  /** Each request in flight listens, and a signal warns of more than ten. */
  #allowListeners(signal: AbortSignal): void {
    if (this.#signals.has(signal)) return
    this.#signals.add(signal)
    setMaxListeners(0, signal)
  }

  close(): void {
    this.#client.destroy()
  }
}

function unitsOf({ ConsumedCapacity }: Metered): number {
  const all = ConsumedCapacity === undefined ? [] : [ConsumedCapacity].flat()
  return all.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0)
}
