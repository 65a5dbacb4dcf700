/** What must be there for a removal to be made: seen at a look, and then asked for in the same step as the removal. */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Target, Witness } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import type { Condition } from './condition.ts'
import { present, unchanged } from './condition.ts'
import { weigh } from './evidence.ts'
import { getItems } from './get-items.ts'
import { keyAttributes } from './key-schema.ts'
import { readLocation } from './location.ts'
import type { Table } from './table.ts'

/** A witness that is there, and is what the record says where the record tells. */
export interface SeenWitness {
  readonly table: Table
  readonly key: Key
  readonly attributes: Item
  readonly seen: Item
  /** whether it must stay as it was seen; else it must be there */
  readonly isHeld: boolean
}

/** For each target that has a witness: the witness, or why the target must stay. Never throws. */
export async function lookAtWitnesses(
  table: Table,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Target, SeenWitness | RekeyError>> {
  const seen = new Map<Target, SeenWitness | RekeyError>()
  const witnessed = targets.filter(({ witness }) => witness !== undefined)
  await Promise.all(
    [...new Set(witnessed.map(storeOf))].map(async (store) => {
      const some = witnessed.filter((target) => storeOf(target) === store)
      for (const [target, witness] of await lookAtSome(table, store, some, signal)) seen.set(target, witness)
    }),
  )
  return seen
}

async function lookAtSome(
  table: Table,
  store: string,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<readonly [Target, SeenWitness | RekeyError][]> {
  try {
    const other = await table.sibling(readLocation(store))
    const keys = targets.map(({ witness }) => (witness as Witness).key)
    const found = await getItems(other, keys, signal)
    return targets.map((target, at) => [target, judge(table, other, target, found[at])])
  } catch (thrown) {
    const error = toRekeyError(thrown)
    return targets.map((target) => [target, error])
  }
}

function storeOf({ witness }: Target): string {
  return (witness as Witness).store
}

function judge(
  table: Table,
  other: Table,
  target: Target,
  found: Item | undefined | RekeyError,
): SeenWitness | RekeyError {
  const { key, expect } = target.witness as Witness
  if (found instanceof RekeyError) return found
  const name = `${other.location} ${keyText(key)}`
  if (found === undefined) return stays(target.key, `${name}, which proves it, is not there any more`)
  if (other.name === table.name && keyText(key) === keyText(target.key))
    return stays(target.key, `${name} is no proof of itself`)
  const verdict = weigh(other, expect, found)
  if (verdict === 'changed') return stays(target.key, `${name}, which proves it, has changed`)
  const attributes = keyAttributes(other.description.schema, key) as Item
  return { table: other, key, attributes, seen: found, isHeld: verdict === 'same' }
}

function stays(key: Key, why: string): RekeyError {
  return new RekeyError(
    'E_UNPROVEN',
    `${keyText(key)} cannot go: ${why}; verify again, and then run delete-apply again`,
  )
}

export function conditionOf({ table, seen, isHeld }: SeenWitness, withDocuments: boolean): Condition {
  const { schema } = table.description
  return isHeld ? unchanged(schema, seen, withDocuments, table.attributes) : present(schema)
}
