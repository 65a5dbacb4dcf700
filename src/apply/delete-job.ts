/**
 * One batch of removals: see that each copy is there, remove what is still as it was proven, and find out about every
 * removal that got no answer. Each work ends in exactly one outcome.
 */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import type { Context } from '../stage/stage.ts'
import type { StoreGroup } from '../stage/store-groups.ts'
import type { Entry, Looked, Outcome, Store, Target } from '../store/contract.ts'
import { isEntry, lookAt } from '../store/look.ts'
import type { Removal, Side } from './deletion.ts'
import { hasChanged, isRecognised } from './deletion.ts'
import type { Forecast } from './forecast.ts'
import type { Held, HeldKeys } from './held-keys.ts'
import type { Settlement } from './work.ts'

export interface RemovalWork {
  readonly line: Line
  readonly removal: Removal
}

export interface RemovalSettings {
  readonly dryRun: boolean
  /** what a dry run leaves undone is counted here */
  readonly forecast: Forecast | undefined
  /** how often a removal that got no answer is sent again */
  readonly retries: number
}

/** `source` is the store that is removed from, `dest` the one that holds the witnesses. */
export async function removeGroup(
  { items, source, dest }: StoreGroup<RemovalWork>,
  { dryRun, retries, forecast }: RemovalSettings,
  held: HeldKeys,
  context: Context,
): Promise<readonly Settlement[]> {
  const settlements = new Map<RemovalWork, Settlement>()
  const heldOf = ({ key, witness }: Removal): Held => ({
    store: source.location,
    key,
    witness: witness && { store: dest.location, key: witness.key },
  })
  const free = items.filter((work) => {
    const isFree = held.hold(heldOf(work.removal))
    if (!isFree)
      settlements.set(work, { outcome: 'failed', error: stays(work.removal, 'is the proof of another removal') })
    return isFree
  })
  try {
    const isSeenTo = seesToWitnesses(free, source, dest)
    const refusals = isSeenTo && !dryRun ? [] : await witnessRefusals(free, source, dest, context)
    const open = free.filter((work, at) => {
      const error = refusals[at]
      if (error !== undefined) settlements.set(work, { outcome: 'failed', error })
      else if (dryRun) {
        settlements.set(work, { outcome: 'planned', reason: 'dry-run' })
        forecast?.count(work.line.record.size ?? 0)
        for (const kind of isSeenTo ? (['remove-witnessed'] as const) : (['look', 'remove'] as const))
          forecast?.ask(source, kind, work.line.record.size ?? 0)
      }
      return error === undefined && !dryRun
    })
    await removeAndSettle({ source, dest, isSeenTo }, open, retries, context, settlements)
  } finally {
    for (const { removal } of free) held.release(heldOf(removal))
  }
  return items.map((work) => settlements.get(work) ?? unanswered(work))
}

/** Where is removed from, where the witnesses are, and whether that is one step. */
interface Places {
  readonly source: Store
  readonly dest: Store
  readonly isSeenTo: boolean
}

async function removeAndSettle(
  places: Places,
  works: readonly RemovalWork[],
  retries: number,
  context: Context,
  settlements: Map<RemovalWork, Settlement>,
): Promise<void> {
  let open = works
  for (let tries = 1; open.length > 0; tries++) {
    const outcomes = await remove(places, open, context)
    const unclear = open.filter((work, at) => {
      const outcome = outcomes[at] ?? unanswered(work)
      settlements.set(work, outcome)
      return outcome.outcome === 'unknown'
    })
    // A removal is guarded by what the key was, so that sending it again can do no harm.
    const there = await lookAt(places.source, keysOf(unclear), context.abort)
    const gone = unclear.filter((_, at) => there[at] === undefined)
    // Asked again about what is gone, a store names the marker that hides it.
    const asked = gone.length === 0 ? [] : await remove(places, gone, context)
    gone.forEach((work, at) => {
      settlements.set(work, { outcome: 'done', ...markerOf(asked[at]) })
    })
    open = unclear.filter((_, at) => {
      return there[at] !== undefined && tries <= retries && !context.stop.aborted
    })
  }
}

function markerOf(outcome: Outcome | undefined): { readonly marker?: string } {
  return outcome !== undefined && 'marker' in outcome && outcome.marker !== undefined ? { marker: outcome.marker } : {}
}

/** Whether a removal and its witness are one step to the stores, so that no look beforehand is needed. */
function seesToWitnesses(works: readonly RemovalWork[], source: Store, dest: Store): boolean {
  const { transactions } = source.traits
  return (
    works[0]?.removal.witness !== undefined && transactions !== undefined && transactions === dest.traits.transactions
  )
}

/** Why a key must stay: what it is a copy of, or what is a copy of it, is not there, or is the key itself. */
async function witnessRefusals(
  works: readonly RemovalWork[],
  source: Store,
  dest: Store,
  context: Context,
): Promise<readonly (RekeyError | undefined)[]> {
  if (works[0]?.removal.witness === undefined) return []
  const copies = works.map(({ removal }) => removal.witness?.key ?? removal.key)
  const there = await lookAt(dest, copies, context.abort)
  const here = await lookAt(source, keysOf(works), context.abort)
  const holdExpiry = source.traits.holds.includes('expiry') && dest.traits.holds.includes('expiry')
  const refusals = works.map(({ removal }, at) => refusal(removal, here[at], there[at], holdExpiry))
  const untold = [...works.keys()].filter((at) => {
    const { removal } = works[at] as RemovalWork
    return refusals[at] === undefined && isEntry(here[at]) && isUntold(removal, there[at])
  })
  const changed = await changedCopies(
    untold.map((at) => (works[at] as RemovalWork).removal),
    dest,
    context.abort,
  )
  untold.forEach((at, nth) => {
    refusals[at] = changed[nth]
  })
  return refusals
}

function isUntold(removal: Removal, there: Looked): boolean {
  return removal.witness?.expect.digest !== undefined && isEntry(there) && !isRecognised(removal, there)
}

/** For each removal of a source, why its copy does not have the digest that was proven; undefined where it has. */
async function changedCopies(
  removals: readonly Removal[],
  dest: Store,
  signal: AbortSignal,
): Promise<readonly (RekeyError | undefined)[]> {
  if (removals[0]?.side !== 'source' || dest.digest === undefined) return []
  const copies = removals.map(({ witness, key }) => witness?.key ?? key)
  const digests = await dest.digest(copies, signal).catch((thrown) => copies.map(() => toRekeyError(thrown)))
  return removals.map((removal, at) => {
    const [proven, now] = [removal.witness?.expect.digest, digests[at]]
    if (now instanceof RekeyError) return now
    return proven === undefined || proven === now ? undefined : stays(removal, 'cannot go: its copy has changed')
  })
}

function refusal(removal: Removal, here: Looked, there: Looked, holdExpiry: boolean): RekeyError | undefined {
  if (here === undefined || here instanceof RekeyError) return undefined
  if (there instanceof RekeyError) return there
  const other = OTHER[removal.side]
  if (there === undefined) return stays(removal, `cannot go: ${other} is not there any more`)
  if (here.object !== undefined && here.object === there.object) {
    return stays(removal, `cannot go: ${other} is the same thing under another name`)
  }
  if (hasChanged(removal, there)) return stays(removal, `cannot go: ${other} has changed`)
  const isSooner = removal.side === 'source' && holdExpiry && expiresSooner(there, here)
  return isSooner ? stays(removal, `cannot go: ${other} expires sooner`) : undefined
}

/** Redis before 7.0 tells the time that is left: two looks at it may round one millisecond each. */
const EXPIRY_TOLERANCE_MS = 2

function expiresSooner({ expiresMs = Number.POSITIVE_INFINITY }: Entry, than: Entry): boolean {
  return expiresMs + EXPIRY_TOLERANCE_MS < (than.expiresMs ?? Number.POSITIVE_INFINITY)
}

/** What the witness is to the key that is removed. */
const OTHER: Readonly<Record<Side, string>> = { source: 'its copy', dest: 'its original' }

function stays({ key }: Removal, why: string): RekeyError {
  return new RekeyError('E_UNPROVEN', `${keyText(key)} ${why}; verify again, and then run delete-apply again`)
}

function keysOf(works: readonly RemovalWork[]): readonly Key[] {
  return works.map(({ removal }) => removal.key)
}

async function remove(places: Places, works: readonly RemovalWork[], context: Context): Promise<readonly Outcome[]> {
  const { source: store } = places
  if (store.remove === undefined) {
    const error = new RekeyError('E_UNSUPPORTED', `${store.location} cannot be deleted from`)
    return works.map(() => ({ outcome: 'failed', error }))
  }
  try {
    return await store.remove(
      works.map(({ removal }) => targetOf(removal, places)),
      context.abort,
    )
  } catch (thrown) {
    const error = new RekeyError('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return works.map(() => ({ outcome: 'unknown', error }))
  }
}

/**
 * A destination is held to the time of its source only where it has got it: files keep the time of files, and perhaps that
 * of other sources. There a digest tells, where there is one.
 */
function targetOf({ store, key, expect, side, witness }: Removal, { source, dest, isSeenTo }: Places): Target {
  const { mtimeMs: _, ...rest } = expect
  const [keeps, has] = [source, dest].map(({ traits }) => traits.holds.includes('mtime'))
  const isTimed = side === 'source' || (keeps && (has || expect.digest === undefined))
  const isNear = isSeenTo || witness?.store === store
  return {
    key,
    expect: isTimed ? expect : rest,
    ...(isNear && witness !== undefined && { witness }),
  }
}

function unanswered({ removal }: RemovalWork): Outcome {
  const message = `${keyText(removal.key)} may have been deleted: no answer came, and it could not be looked at`
  return { outcome: 'unknown', error: new RekeyError('E_UNANSWERED', message) }
}
