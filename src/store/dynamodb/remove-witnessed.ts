/** Removals that are made only while their witnesses are there: by transactions, or each by itself where there are none. */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome, Target } from '../contract.ts'
import { holdsDocuments } from './condition.ts'
import { notAsExpected } from './evidence.ts'
import { getItems, isItem, roughBytes } from './get-items.ts'
import { failed, GONE } from './outcomes.ts'
import { deleteItem } from './put-item.ts'
import type { Table } from './table.ts'
import type { Removal } from './transaction.ts'
import { nameOf, removeTogether } from './transaction.ts'
import { lookAtWitnesses } from './witness.ts'

/** Of a transaction: a removal and its witness are two actions. */
const MOST_ACTIONS = 100
/** Of the 4 MB that the items of a transaction may have. */
const MOST_BYTES = 3 * 1024 * 1024

/** One outcome per target; never throws. */
export async function removeWitnessed(
  table: Table,
  removals: readonly Removal[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Target, Outcome>> {
  const outcomes = new Map<Target, Outcome>()
  await Promise.all(transactionsOf(removals).map((some) => settle(table, some, outcomes, signal)))
  return outcomes
}

export function transactionsOf(removals: readonly Removal[]): readonly (readonly Removal[])[] {
  const transactions: Removal[][] = []
  let names = new Set<string>()
  let bytes = 0
  for (const removal of removals) {
    const size = roughBytes(removal.seen) + roughBytes(removal.witness.seen)
    const last = transactions.at(-1)
    const isFull = last === undefined || last.length + names.size + 2 > MOST_ACTIONS || bytes + size > MOST_BYTES
    if (isFull) {
      transactions.push([removal])
      names = new Set([nameOf(removal.witness)])
      bytes = size
    } else {
      last.push(removal)
      names.add(nameOf(removal.witness))
      bytes += size
    }
  }
  return transactions
}

/** Whoever is to blame for a cancellation is settled, and the others go again without them. */
async function settle(
  table: Table,
  removals: readonly Removal[],
  outcomes: Map<Target, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  let open = removals
  while (open.length > 0) {
    const answers = table.transacts ? await removeTogether(table, open, signal) : 'unknown-operation'
    if (answers === 'unknown-operation') {
      table.transacts = false
      await Promise.all(open.map((removal) => removeAlone(table, removal, outcomes, signal)))
      return
    }
    if (answers === 'invalid') {
      await apart(table, open, outcomes, signal)
      return
    }
    const next = await Promise.all(
      open.map(async (removal, at) => {
        const answer = answers[at] ?? 'held-up'
        if (answer === 'held-up') return removal
        const settled = answer === 'refused' ? await lookAgain(table, removal, signal) : answer
        if (!('outcome' in settled)) return settled
        if (settled.outcome === 'done' && isWithoutDocuments(removal)) table.comparesDocuments = false
        outcomes.set(removal.target, settled)
        return undefined
      }),
    )
    const left = next.filter((removal) => removal !== undefined)
    if (left.length === open.length && left.every((removal, at) => removal === open[at])) {
      for (const { target } of left) outcomes.set(target, cancelled(table, target))
      return
    }
    open = left
  }
}

/** The server takes no such transaction: one of them may be the reason, or all transactions are. */
async function apart(
  table: Table,
  removals: readonly Removal[],
  outcomes: Map<Target, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  const [only, ...others] = removals
  if (only !== undefined && others.length === 0) {
    await removeAlone(table, only, outcomes, signal)
    if (outcomes.get(only.target)?.outcome === 'done') table.transacts = false
    return
  }
  for (const removal of removals) await settle(table, [removal], outcomes, signal)
}

/** The witness was there at the look. */
async function removeAlone(
  table: Table,
  { target, attributes, seen }: Removal,
  outcomes: Map<Target, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  outcomes.set(target, await deleteItem(table, target.key, attributes, seen, signal))
}

/**
 * Which of the two is no longer what it was. If both are, the server does not know equal documents as equal: it is asked once
 * more without them.
 */
async function lookAgain(table: Table, removal: Removal, signal: AbortSignal): Promise<Outcome | Removal> {
  const { target, seen, witness, withDocuments } = removal
  const [[now], witnesses] = await Promise.all([
    getItems(table, [target.key], signal),
    lookAtWitnesses(table, [target], signal),
  ])
  if (now === undefined) return GONE
  if (!isItem(now)) return { outcome: 'failed', error: now }
  if (table.digests.of(now) !== table.digests.of(seen)) return changed(removal)
  const there = witnesses.get(target)
  if (there instanceof RekeyError) return { outcome: 'failed', error: there }
  const mayBeDocuments = holdsDocuments(seen) || (witness.isHeld && holdsDocuments(witness.seen))
  return withDocuments && mayBeDocuments ? { ...removal, withDocuments: false } : changed(removal)
}

function isWithoutDocuments({ seen, withDocuments }: Removal): boolean {
  return !withDocuments && holdsDocuments(seen)
}

function changed({ target }: Removal): Outcome {
  return { outcome: 'failed', error: notAsExpected(target.key, 'changed') }
}

function cancelled({ location }: Table, { key }: Target): Outcome {
  return failed(
    'E_BUSY',
    `${location}: removing ${keyText(key)}: the transaction was cancelled, and the server does not say why`,
  )
}
