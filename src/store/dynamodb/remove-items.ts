/** Removes items that are still what a record says they were: looked at by the hundred, removed under conditions. */
import { RekeyError } from '../../record/errors.ts'
import type { Outcome, Target } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import { notAsExpected, weigh } from './evidence.ts'
import type { Found } from './get-items.ts'
import { getItems } from './get-items.ts'
import { keyAttributes } from './key-schema.ts'
import { GONE } from './outcomes.ts'
import { deleteItem } from './put-item.ts'
import { removeWitnessed } from './remove-witnessed.ts'
import type { Table } from './table.ts'
import type { Removal } from './transaction.ts'
import { lookAtWitnesses } from './witness.ts'

/** One outcome per target, in order; never throws. */
export async function removeItems(
  table: Table,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const keys = targets.map(({ key }) => key)
  const [found, witnesses] = await Promise.all([getItems(table, keys, signal), lookAtWitnesses(table, targets, signal)])
  const removals: Removal[] = []
  const outcomes = await Promise.all(
    targets.map(async (target, at) => {
      const seen = judge(table, target, found[at])
      if ('outcome' in seen) return seen.outcome
      const witness = witnesses.get(target)
      if (witness instanceof RekeyError) return failure(witness)
      if (witness === undefined) return await deleteItem(table, target.key, seen.attributes, seen.item, signal)
      removals.push({
        target,
        attributes: seen.attributes,
        seen: seen.item,
        witness,
        withDocuments: table.comparesDocuments,
      })
      return undefined
    }),
  )
  const witnessed = await removeWitnessed(table, removals, signal)
  return targets.map((target, at) => outcomes[at] ?? (witnessed.get(target) as Outcome))
}

type Judged = { readonly outcome: Outcome } | { readonly item: Item; readonly attributes: Item }

function judge(table: Table, { key, expect }: Target, found: Found): Judged {
  if (found === undefined) return { outcome: GONE }
  if (found instanceof RekeyError) return { outcome: failure(found) }
  const verdict = weigh(table, expect, found)
  if (verdict !== 'same') return { outcome: failure(notAsExpected(key, verdict)) }
  return { item: found, attributes: keyAttributes(table.description.schema, key) as Item }
}

function failure(error: RekeyError): Outcome {
  return { outcome: 'failed', error }
}
