/** Writes content of another store, or of a record, as an item. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Item as ContentItem, Evidence, Guard, Outcome } from '../contract.ts'
import { unheld, withLost } from '../unheld.ts'
import type { Item } from './attribute-value.ts'
import type { Put } from './batch-put.ts'
import { notAsExpected, weigh } from './evidence.ts'
import type { Gather } from './gather.ts'
import { getItems } from './get-items.ts'
import { itemIn } from './item-json.ts'
import { keyAttributes } from './key-schema.ts'
import { failed, GONE, outcomeOf } from './outcomes.ts'
import { createItem, replaceItem } from './put-item.ts'
import type { Table } from './table.ts'

/** Never throws. The attributes of the key are those of the key, whatever the content says. */
export async function writeItem(
  table: Table,
  puts: Gather<Put, Outcome>,
  { key, content, expect }: ContentItem,
  guard: Guard,
  signal: AbortSignal,
): Promise<Outcome> {
  if (guard === 'merge') return unsupported('merge')
  const attributes = keyAttributes(table.description.schema, key)
  if (attributes instanceof RekeyError) return { outcome: 'failed', error: attributes }
  try {
    const item = { ...(await itemIn(key, content)), ...attributes }
    const outcome =
      guard === 'any'
        ? await puts.add({ key, item }, signal)
        : await writeGuarded(table, { key, item, expect }, guard, signal)
    return withLost(outcome, unheld(content))
  } catch (thrown) {
    return outcomeOf(thrown)
  }
}

export interface GuardedWrite {
  readonly key: Key
  readonly item: Item
  readonly expect?: Evidence | undefined
}

/** An item that is whole, written where there is none, or where there is what is expected. Never throws. */
export async function writeGuarded(
  table: Table,
  { key, item, expect = {} }: GuardedWrite,
  guard: 'absent' | 'match',
  signal: AbortSignal,
): Promise<Outcome> {
  if (guard === 'absent') return await createItem(table, key, item, signal)
  const [seen] = await getItems(table, [key], signal)
  if (seen === undefined) return GONE
  if (seen instanceof RekeyError) return { outcome: 'failed', error: seen }
  const verdict = weigh(table, expect, seen)
  if (verdict !== 'same') return { outcome: 'failed', error: notAsExpected(key, verdict) }
  return await replaceItem(table, key, item, seen, signal)
}

export function unsupported(guard: Guard): Outcome {
  return failed('E_UNSUPPORTED', `${guard}: a table cannot unite two items; --if-exists has other ways`)
}
