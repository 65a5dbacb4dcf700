/** Removes items that are still what a record says they were: looked at by the hundred, removed each under a condition. */
import { RekeyError } from '../../record/errors.ts'
import type { Outcome, Target } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import { notAsExpected, weigh } from './evidence.ts'
import type { Found } from './get-items.ts'
import { getItems } from './get-items.ts'
import { keyAttributes } from './key-schema.ts'
import { GONE } from './outcomes.ts'
import { deleteItem } from './put-item.ts'
import type { Table } from './table.ts'

/** One outcome per target, in order; never throws. */
export async function removeItems(
  table: Table,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const found = await getItems(
    table,
    targets.map(({ key }) => key),
    signal,
  )
  return await Promise.all(targets.map((target, at) => removeItem(table, target, found[at], signal)))
}

async function removeItem(table: Table, { key, expect }: Target, found: Found, signal: AbortSignal): Promise<Outcome> {
  if (found === undefined) return GONE
  if (found instanceof RekeyError) return { outcome: 'failed', error: found }
  const verdict = weigh(table, expect, found)
  if (verdict !== 'same') return { outcome: 'failed', error: notAsExpected(key, verdict) }
  return await deleteItem(table, key, keyAttributes(table.description.schema, key) as Item, found, signal)
}
