/** Copies inside a table: items are read as they are, get the attributes of their new keys, and are written back. */
import { RekeyError } from '../../record/errors.ts'
import type { Evidence, Guard, Outcome, Pair } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import { putAll } from './batch-put.ts'
import { notAsExpected, weigh } from './evidence.ts'
import type { Found } from './get-items.ts'
import { getItems } from './get-items.ts'
import { keyAttributes } from './key-schema.ts'
import { GONE } from './outcomes.ts'
import type { Table } from './table.ts'
import { unsupported, writeGuarded } from './write-item.ts'

/** One outcome per pair, in order; never throws. */
export async function copyItems(
  table: Table,
  pairs: readonly Pair[],
  guard: Guard,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  if (guard === 'merge') return pairs.map(() => unsupported('merge'))
  const found = await getItems(
    table,
    pairs.map(({ from }) => from),
    signal,
  )
  const made = pairs.map((pair, at) => copyOf(table, pair, found[at]))
  if (guard === 'any') return await copyOver(table, pairs, made, signal)
  return await Promise.all(
    pairs.map(({ to, expect }, at) => {
      const item = made[at] as Item | Outcome
      return isSettled(item) ? item : writeGuarded(table, { key: to, item, expect }, guard, signal)
    }),
  )
}

async function copyOver(
  table: Table,
  pairs: readonly Pair[],
  made: readonly (Item | Outcome)[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const puts = pairs.flatMap(({ to }, at) => {
    const item = made[at] as Item | Outcome
    return isSettled(item) ? [] : [{ key: to, item }]
  })
  const written = (await putAll(table, puts, signal)).values()
  return made.map((item) => (isSettled(item) ? item : (written.next().value as Outcome)))
}

/** The item under its new key, or what settles the pair without a write. */
function copyOf(table: Table, { from, to, source }: Pair, found: Found): Item | Outcome {
  if (found === undefined) return GONE
  if (found instanceof RekeyError) return { outcome: 'failed', error: found }
  if (hasChanged(table, source, found)) return { outcome: 'failed', error: notAsExpected(from, 'changed') }
  const attributes = keyAttributes(table.description.schema, to)
  if (attributes instanceof RekeyError) return { outcome: 'failed', error: attributes }
  return { ...found, ...attributes }
}

function hasChanged(table: Table, source: Evidence | undefined, found: Item): boolean {
  return source?.etag !== undefined && weigh(table, { etag: source.etag }, found) === 'changed'
}

/** An attribute of an item is never a text by itself, and an outcome is one. */
function isSettled(made: Item | Outcome): made is Outcome {
  return typeof made.outcome === 'string'
}
