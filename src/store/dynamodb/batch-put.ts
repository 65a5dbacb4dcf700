/** Items written whatever is there, up to 25 a request. */
import type { WriteRequest } from '@aws-sdk/client-dynamodb'
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import { isInvalid } from './classify.ts'
import { keyOfItem } from './key-schema.ts'
import { DONE, outcomeOf } from './outcomes.ts'
import { putItem } from './put-item.ts'
import type { Table } from './table.ts'

/** An item that is whole, with the attributes of this key. */
export interface Put {
  readonly key: Key
  readonly item: Item
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MOST_ITEMS = 25
/** Of the 16 MB of a request; what text and base64 add to its items is counted with them. */
const MOST_BYTES = 12 * 1024 * 1024

/** One outcome per item, in order; never throws. Of two with one key the later one stays. */
export async function putAll(table: Table, puts: readonly Put[], signal: AbortSignal): Promise<readonly Outcome[]> {
  const outcomes = new Map<Put, Outcome>()
  // A request that names a key twice is refused, and side by side nobody knows which would be the later one.
  for (const round of roundsOf(puts)) {
    await Promise.all(
      batchesOf(round).map(async (batch) => {
        const some = await putBatch(table, batch, signal)
        batch.forEach((put, at) => void outcomes.set(put, some[at] as Outcome))
      }),
    )
  }
  return puts.map((put) => outcomes.get(put) as Outcome)
}

function roundsOf(puts: readonly Put[]): readonly (readonly Put[])[] {
  const rounds: Put[][] = []
  const times = new Map<string, number>()
  for (const put of puts) {
    const name = keyText(put.key)
    const round = times.get(name) ?? 0
    times.set(name, round + 1)
    rounds[round] ??= []
    rounds[round].push(put)
  }
  return rounds
}

export function batchesOf(puts: readonly Put[]): readonly (readonly Put[])[] {
  const batches: Put[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const put of puts) {
    const size = wireBytes(put.item)
    const last = batches.at(-1)
    if (last === undefined || last.length === MOST_ITEMS || bytes + size > MOST_BYTES) {
      batches.push([put])
      bytes = size
    } else {
      last.push(put)
      bytes += size
    }
  }
  return batches
}

async function putBatch(table: Table, batch: readonly Put[], signal: AbortSignal): Promise<readonly Outcome[]> {
  const requests: WriteRequest[] = batch.map(({ item }) => ({ PutRequest: { Item: item } }))
  const command = new BatchWriteItemCommand({
    RequestItems: { [table.name]: requests },
    ReturnConsumedCapacity: 'TOTAL',
  })
  const what = `writing ${batch.length} items`
  const request = { operation: 'BatchWriteItem', isWrite: true, what, leastUnits: batch.length }
  try {
    const { UnprocessedItems } = await table.attempt(
      {
        send: (client, options) => client.send(command, options),
        isCutShort: (answer) => answer.UnprocessedItems?.[table.name] !== undefined,
        ...request,
      },
      signal,
    )
    const left = new Set((UnprocessedItems?.[table.name] ?? []).map((one) => nameOf(table, one)))
    return batch.map(({ key }) => (left.has(keyText(key)) ? throttled(table, key) : DONE))
  } catch (thrown) {
    // One item that the server does not take makes it refuse all.
    if (isInvalid(thrown)) return await Promise.all(batch.map((put) => putAlone(table, put, signal)))
    const outcome = outcomeOf(table.failure(thrown, request))
    return batch.map(() => outcome)
  }
}

async function putAlone(table: Table, { key, item }: Put, signal: AbortSignal): Promise<Outcome> {
  return (await putItem(table, key, item, signal)) as Outcome
}

function nameOf({ description }: Table, { PutRequest }: WriteRequest): string {
  return keyText(keyOfItem(description.schema, PutRequest?.Item ?? {}))
}

function throttled({ location }: Table, key: Key): Outcome {
  const message = `${location}: ${keyText(key)} was left for later, the table is asked too much`
  return { outcome: 'failed', error: new RekeyError('E_BUSY', message) }
}

/** The text of a request that an item takes. */
function wireBytes(item: Item): number {
  return Buffer.byteLength(
    JSON.stringify(item, (_, value) =>
      value instanceof Uint8Array ? '0'.repeat(Math.ceil(value.length / 3) * 4) : value,
    ),
  )
}
