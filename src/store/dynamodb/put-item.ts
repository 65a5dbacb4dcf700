/** One item written or removed under a condition, in one step. */
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import { isConditionFailed } from './classify.ts'
import type { Condition } from './condition.ts'
import { absent, holdsDocuments, unchanged } from './condition.ts'
import { notAsExpected } from './evidence.ts'
import { getItems, isItem } from './get-items.ts'
import { DONE, EXISTS, GONE, outcomeOf } from './outcomes.ts'
import type { Table } from './table.ts'

/** Writes an item; with `condition` only where that holds. `refused` is the outcome where it does not. Never throws. */
export async function putItem(
  table: Table,
  key: Key,
  item: Item,
  signal: AbortSignal,
  condition?: Condition,
): Promise<Outcome | 'refused'> {
  const command = new PutItemCommand({
    TableName: table.name,
    Item: item,
    ReturnConsumedCapacity: 'TOTAL',
    ...condition,
  })
  const request = { operation: 'PutItem', isWrite: true, what: `writing ${keyText(key)}` }
  try {
    await table.attempt({ send: (client, options) => client.send(command, options), ...request }, signal)
    return DONE
  } catch (thrown) {
    return isConditionFailed(thrown) ? 'refused' : outcomeOf(table.failure(thrown, request))
  }
}

/** Writes an item where there is none. */
export async function createItem(table: Table, key: Key, item: Item, signal: AbortSignal): Promise<Outcome> {
  const outcome = await putItem(table, key, item, signal, absent(table.description.schema))
  return outcome === 'refused' ? EXISTS : outcome
}

/** Writes an item in the place of one that is still as it was seen. */
export async function replaceItem(
  table: Table,
  key: Key,
  item: Item,
  seen: Item,
  signal: AbortSignal,
): Promise<Outcome> {
  return await whileUnchanged(table, key, seen, signal, (condition) => putItem(table, key, item, signal, condition))
}

/** Removes an item that is still as it was seen; `attributes` are those of its key. */
export async function deleteItem(
  table: Table,
  key: Key,
  attributes: Item,
  seen: Item,
  signal: AbortSignal,
): Promise<Outcome> {
  const request = { operation: 'DeleteItem', isWrite: true, what: `removing ${keyText(key)}` }
  return await whileUnchanged(table, key, seen, signal, async (condition) => {
    const command = new DeleteItemCommand({
      TableName: table.name,
      Key: attributes,
      ReturnConsumedCapacity: 'TOTAL',
      ...condition,
    })
    try {
      await table.attempt({ send: (client, options) => client.send(command, options), ...request }, signal)
      return DONE
    } catch (thrown) {
      return isConditionFailed(thrown) ? 'refused' : outcomeOf(table.failure(thrown, request))
    }
  })
}

/**
 * Where the condition is refused, a look tells whether the item has changed or is gone. If it is what it was, the server
 * does not know equal documents as equal: it is asked once more without them, and is not asked about them again.
 */
async function whileUnchanged(
  table: Table,
  key: Key,
  seen: Item,
  signal: AbortSignal,
  write: (condition: Condition) => Promise<Outcome | 'refused'>,
): Promise<Outcome> {
  const { schema } = table.description
  const hasDocuments = holdsDocuments(seen)
  for (const withDocuments of table.comparesDocuments && hasDocuments ? [true, false] : [false]) {
    const outcome = await write(unchanged(schema, seen, withDocuments, table.attributes))
    if (outcome !== 'refused') {
      if (hasDocuments && !withDocuments && outcome.outcome === 'done') table.comparesDocuments = false
      return outcome
    }
    const [now] = await getItems(table, [key], signal)
    if (now === undefined) return GONE
    if (!isItem(now)) return { outcome: 'failed', error: now }
    if (table.digests.of(now) !== table.digests.of(seen)) break
  }
  return { outcome: 'failed', error: notAsExpected(key, 'changed') }
}
