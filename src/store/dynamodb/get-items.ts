/** Whole items by their keys, as they are at this moment, up to a hundred a request. */
import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Item } from './attribute-value.ts'
import { isMutilated } from './attribute-value.ts'
import { keyAttributes, keyOfItem } from './key-schema.ts'
import type { Table } from './table.ts'

/** The item, undefined where there is none, or why it is not told. */
export type Found = Item | undefined | RekeyError

const MOST_KEYS = 100
/** An answer is cut short at 16 MB, of which its items may be less; from here on that is why it was. */
const FULL_ANSWER_ITEMS_BYTES = 512 * 1024

export function isItem(found: Found): found is Item {
  return found !== undefined && !(found instanceof RekeyError)
}

/** One answer per key, in order; never throws. A key may come twice. */
export async function getItems(table: Table, keys: readonly Key[], signal: AbortSignal): Promise<readonly Found[]> {
  const { schema } = table.description
  const wanted = new Map<string, Item>()
  const found = new Map<string, Found>()
  const names = keys.map((key) => {
    const name = nameOf(key)
    const attributes = keyAttributes(schema, key)
    if (attributes instanceof RekeyError) found.set(name, attributes)
    else wanted.set(name, attributes)
    return name
  })
  const all = [...wanted]
  const calls: Promise<void>[] = []
  for (let at = 0; at < all.length; at += MOST_KEYS) {
    calls.push(getSome(table, new Map(all.slice(at, at + MOST_KEYS)), found, signal))
  }
  await Promise.all(calls)
  return names.map((name) => found.get(name))
}

async function getSome(
  table: Table,
  keys: ReadonlyMap<string, Item>,
  found: Map<string, Found>,
  signal: AbortSignal,
): Promise<void> {
  const { schema } = table.description
  let open = keys
  try {
    while (open.size > 0) {
      const { items, left } = await askFor(table, [...open.values()], signal)
      for (const item of items) {
        const name = nameOf(keyOfItem(schema, item))
        table.saw(item)
        found.set(name, isMutilated(item) ? unreadable(table, name) : item)
      }
      if (left.length === 0) return
      open = new Map(left.map((key) => [nameOf(keyOfItem(schema, key)), key]))
      if (!isFull(items)) {
        for (const name of open.keys()) found.set(name, throttled(table, name))
        return
      }
    }
  } catch (thrown) {
    const error = toRekeyError(thrown)
    for (const name of open.keys()) found.set(name, error)
  }
}

async function askFor(table: Table, keys: Item[], signal: AbortSignal) {
  const command = new BatchGetItemCommand({
    RequestItems: { [table.name]: { Keys: keys, ConsistentRead: true } },
    ReturnConsumedCapacity: 'TOTAL',
  })
  const itemsIn = (answer: { Responses?: Record<string, Item[]> | undefined }) => answer.Responses?.[table.name] ?? []
  const answer = await table.ask(
    {
      operation: 'BatchGetItem',
      isWrite: false,
      what: `reading ${keys.length} items`,
      leastUnits: keys.length,
      send: (client, options) => client.send(command, options),
      isCutShort: (one) => one.UnprocessedKeys?.[table.name] !== undefined && !isFull(itemsIn(one)),
    },
    signal,
  )
  return { items: itemsIn(answer), left: answer.UnprocessedKeys?.[table.name]?.Keys ?? [] }
}

/** Whether an answer is as large as one may be, so that the rest is to be asked for and nothing is amiss. */
function isFull(items: readonly Item[]): boolean {
  if (items.length === 0) return false
  let bytes = 0
  for (const item of items) {
    bytes += roughBytes(item)
    if (bytes >= FULL_ANSWER_ITEMS_BYTES) return true
  }
  return false
}

/** The bytes of the long values of an item, which are what fills an answer or a request. */
export function roughBytes(item: Item): number {
  let bytes = 0
  const open = Object.values(item)
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    bytes += (value.S ?? value.N ?? value.B ?? '').length + 1
    if (value.L !== undefined) open.push(...value.L)
    if (value.M !== undefined) open.push(...Object.values(value.M))
    for (const one of value.SS ?? value.NS ?? value.BS ?? []) bytes += one.length
  }
  return bytes
}

/** `name` is the key as a message has it. */
export function unreadable({ location }: Table, name: string): RekeyError {
  return new RekeyError('E_TYPE', `${location}: key ${name} has an attribute called __proto__, which cannot be read`)
}

function throttled(table: Table, name: string): RekeyError {
  return new RekeyError('E_BUSY', `${table.location}: key ${name} was left for later, the table is asked too much`)
}

function nameOf(key: Key): string {
  return keyText(key)
}
