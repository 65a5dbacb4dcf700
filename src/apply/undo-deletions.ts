/** Takes deletions back: the delete markers that delete-apply has made, and nothing else. Holds the batches in flight. */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { settleFailed } from '../record/line.ts'
import type { KeyRecord } from '../record/record.ts'
import { recordKey, recordTo } from '../record/record.ts'
import { workByStores } from '../stage/by-stores.ts'
import type { Stage } from '../stage/stage.ts'
import type { Hidden, Outcome, Store } from '../store/contract.ts'
import { lookAt } from '../store/look.ts'
import type { DeleteOptions } from './delete-stage.ts'
import { settle, stampOf } from './settle.ts'
import type { Settlement } from './work.ts'

/** A deletion that is to be taken back. */
interface Undoing {
  readonly line: Line
  readonly hidden: Hidden
}

/** What a record lets be taken back: undefined where nothing of it was deleted. Pure. */
export function hiddenOf(record: KeyRecord): (Hidden & { readonly store: string }) | RekeyError | undefined {
  const { deleted, marker } = record
  if (deleted === undefined) return undefined
  const store = deleted === 'source' ? record.store : (record.toStore ?? record.store)
  const key = deleted === 'source' ? recordKey(record) : (recordTo(record) ?? recordKey(record))
  if (store === undefined || key === undefined) return undefined
  if (marker !== undefined) return { store, key, marker }
  return new RekeyError('E_UNSUPPORTED', `${keyText(key)} was deleted for good: ${store} has kept no version of it`)
}

export function undoStage(options: DeleteOptions): Stage {
  return (batches, context) =>
    workByStores<Undoing>(batches, context, {
      concurrency: options.concurrency,
      ratePerSecond: options.rate.ratePerSecond,
      place(line) {
        const hidden = hiddenOf(line.record)
        if (hidden === undefined) return line
        if (hidden instanceof RekeyError) return settleFailed(line, hidden.toFailure())
        return { item: { line, hidden }, source: hidden.store, dest: hidden.store }
      },
      refuse: ({ line }, error) => settleFailed(line, error.toFailure()),
      async work({ items, dest }) {
        const started = context.now()
        const settlements = await undo(dest, items, options, context.abort)
        const stamp = stampOf(started, context.now())
        return items.map(({ line }, at) => settleUndone(line, settlements[at] as Settlement, stamp))
      },
    })
}

async function undo(
  store: Store,
  items: readonly Undoing[],
  { dryRun, retries }: DeleteOptions,
  signal: AbortSignal,
): Promise<readonly Settlement[]> {
  if (store.restore === undefined) {
    const error = new RekeyError('E_UNSUPPORTED', `${store.location} keeps no versions, so nothing can be taken back`)
    return items.map(() => ({ outcome: 'failed', error }))
  }
  if (dryRun) return items.map(() => ({ outcome: 'planned', reason: 'dry-run' }))
  const settlements = new Map<Undoing, Outcome>()
  let open = items
  for (let tries = 1; open.length > 0; tries++) {
    const outcomes = await restore(store, open, signal)
    open.forEach((one, at) => {
      settlements.set(one, outcomes[at] as Outcome)
    })
    const unclear = open.filter((one) => settlements.get(one)?.outcome === 'unknown')
    const there = await lookAt(store, keysOf(unclear), signal)
    // A marker is named by its version, so that taking it away twice does no harm.
    open = unclear.filter((one, at) => {
      const isBack = there[at] !== undefined && !(there[at] instanceof RekeyError)
      if (isBack) settlements.set(one, { outcome: 'done' })
      return !isBack && tries <= retries
    })
  }
  return items.map((one) => settlements.get(one) as Outcome)
}

async function restore(store: Store, items: readonly Undoing[], signal: AbortSignal): Promise<readonly Outcome[]> {
  try {
    const hidden = items.map((one) => one.hidden)
    return await (store.restore as NonNullable<Store['restore']>)(hidden, signal)
  } catch (thrown) {
    const error = new RekeyError('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return items.map(() => ({ outcome: 'unknown', error }))
  }
}

function keysOf(items: readonly Undoing[]): readonly Key[] {
  return items.map(({ hidden }) => hidden.key)
}

/** A key that is back is deleted no longer. */
function settleUndone(line: Line, settlement: Settlement, stamp: ReturnType<typeof stampOf>): Line {
  const isBack = settlement.outcome === 'done'
  const said: Settlement = isBack ? { outcome: 'done', reason: 'restored' } : settlement
  return settle(line, said, stamp, isBack ? { deleted: undefined, marker: undefined } : {})
}
