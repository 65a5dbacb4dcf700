/**
 * Removals that are made together with the proof that their witnesses are there: one transaction for many.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import { TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb'
import type { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome, Target } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import type { CancellationReason } from './classify.ts'
import { failureOfReason, isInvalid, isUnknownOperation, reasonsOf } from './classify.ts'
import { unchanged } from './condition.ts'
import { DONE, outcomeOf } from './outcomes.ts'
import type { Table } from './table.ts'
import type { SeenWitness } from './witness.ts'
import { conditionOf } from './witness.ts'

/** A removal that the look has allowed. */
export interface Removal {
  readonly target: Target
  readonly attributes: Item
  readonly seen: Item
  readonly witness: SeenWitness
  /** whether maps and lists are compared too */
  readonly withDocuments: boolean
}

/**
 * What a transaction says of one removal: its outcome; `refused` where a condition of its own did not hold; `held-up` where
 * others are to blame, and nothing has been done.
 */
export type Answer = Outcome | 'refused' | 'held-up'

/** The server takes no transactions, or not this one. */
export type NotTaken = 'unknown-operation' | 'invalid'

/** One answer per removal, in order. All are made, or none. Never throws. */
export async function removeTogether(
  table: Table,
  removals: readonly Removal[],
  signal: AbortSignal,
): Promise<readonly Answer[] | NotTaken> {
  const { actions, places } = actionsOf(table, removals)
  const command = new TransactWriteItemsCommand({ TransactItems: [...actions], ReturnConsumedCapacity: 'TOTAL' })
  const what = `removing ${removals.length} items while their copies are there`
  const request = { operation: 'TransactWriteItems', isWrite: true, what, leastUnits: 2 * actions.length }
  try {
    await table.attempt({ send: (client, options) => client.send(command, options), ...request }, signal)
    return removals.map(() => DONE)
  } catch (thrown) {
    const reasons = reasonsOf(thrown)
    if (reasons !== undefined)
      return removals.map((removal, at) =>
        answerOf(
          table,
          removal,
          (places[at] ?? []).map((place) => reasons[place]),
        ),
      )
    if (isUnknownOperation(thrown)) return 'unknown-operation'
    if (isInvalid(thrown)) return 'invalid'
    const outcome = outcomeOf(table.failure(thrown, request))
    return removals.map(() => outcome)
  }
}

/** A witness of several removals is asked for once: no two actions may be about one item. */
function actionsOf(table: Table, removals: readonly Removal[]) {
  const actions: TransactWriteItem[] = []
  const checks = new Map<string, number>()
  const places = removals.map(({ attributes, seen, witness, withDocuments }) => {
    const condition = unchanged(table.description.schema, seen, withDocuments, table.attributes)
    const removed = actions.push({ Delete: { TableName: table.name, Key: attributes, ...condition } }) - 1
    const name = nameOf(witness)
    const check = { TableName: witness.table.name, Key: witness.attributes, ...conditionOf(witness, withDocuments) }
    const checked = checks.get(name) ?? actions.push({ ConditionCheck: check }) - 1
    checks.set(name, checked)
    return [removed, checked]
  })
  return { actions, places }
}

export function nameOf({ table, key }: SeenWitness): string {
  return `${table.name} ${keyText(key)}`
}

/** What hinders for good goes before what may pass. */
function answerOf(
  { location }: Table,
  { target }: Removal,
  reasons: readonly (CancellationReason | undefined)[],
): Answer {
  const told = reasons.filter((reason) => reason !== undefined && (reason.Code ?? 'None') !== 'None')
  if (told.some((reason) => reason?.Code === 'ConditionalCheckFailed')) return 'refused'
  const failures = told.map((reason) =>
    failureOfReason(reason as CancellationReason, `${location}: removing ${keyText(target.key)}`),
  )
  const error: RekeyError | undefined = failures.find(({ retryable }) => !retryable) ?? failures[0]
  return error === undefined ? 'held-up' : { outcome: 'failed', error }
}
