/** The work of delete-apply on the stream. Holds the batches in flight. */
import type { RekeyError } from '../record/errors.ts'
import { RekeyError as Failed, toRekeyError } from '../record/errors.ts'
import { keyText } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { setFields } from '../record/line.ts'
import { KeyLimit } from '../stage/key-limit.ts'
import { parallel } from '../stage/parallel.ts'
import type { Context, Stage } from '../stage/stage.ts'
import type { StoreGroup } from '../stage/store-groups.ts'
import { StoreGroups } from '../stage/store-groups.ts'
import type { Looked, Outcome, Store, Target } from '../store/contract.ts'
import type { Deletion, Side } from './deletion.ts'
import { deletionOf } from './deletion.ts'

export interface DeleteOptions {
  readonly dryRun: boolean
  readonly side: Side
  readonly concurrency: number | undefined
  readonly ratePerSecond: number | undefined
  readonly retries: number
}

type Removal = Deletion & { kind: 'remove' }

interface Work {
  readonly line: Line
  readonly removal: Removal
}

type Settlement = Outcome | { readonly outcome: 'planned'; readonly reason: 'dry-run' }

export function deleteStage(options: DeleteOptions): Stage {
  return async function* (batches, context) {
    const limit = new KeyLimit(options.concurrency)
    const groups = worksOf(batches, options.side, limit, context)
    yield* parallel(
      groups,
      () => limit.batches,
      context.stop,
      async (group) => {
        if ('passing' in group) return group.passing
        const started = context.now()
        const settlements = await removeGroup(group, options, context)
        const ended = context.now()
        const stamp = { ms: ended - started, at: new Date(ended).toISOString() }
        return group.items.map(({ line }, at) => settle(line, settlements[at] as Settlement, options.side, stamp))
      },
    )
  }
}

async function* worksOf(
  batches: AsyncIterable<readonly Line[]>,
  side: Side,
  limit: KeyLimit,
  context: Context,
): AsyncGenerator<StoreGroup<Work> | { readonly passing: readonly Line[] }> {
  for await (const batch of batches) {
    const passing: Line[] = []
    const groups = new StoreGroups<Work>()
    for (const line of batch) {
      const deletion = deletionOf(line.record, side)
      if (deletion.kind === 'remove') {
        groups.add({ line, removal: deletion }, deletion.store, deletion.witness?.store ?? deletion.store)
        continue
      }
      if (deletion.kind === 'skip') setFields(line, { outcome: 'skipped', reason: deletion.reason, error: undefined })
      passing.push(line)
    }
    yield* groups.open(
      context,
      (dest) => limit.sizeFor(dest),
      (works, error) => {
        for (const { line } of works)
          setFields(line, { outcome: 'failed', reason: undefined, error: error.toFailure() })
        passing.push(...works.map((work) => work.line))
      },
    )
    if (passing.length > 0) yield { passing }
  }
}

/** `source` is the store that is removed from, `dest` the one that holds the witnesses. */
async function removeGroup(
  { items, source, dest }: StoreGroup<Work>,
  { dryRun, retries }: DeleteOptions,
  context: Context,
): Promise<readonly Settlement[]> {
  const settlements = new Map<Work, Settlement>()
  const refusals = await witnessRefusals(items, source, dest, context)
  let open = items.filter((work, at) => {
    const error = refusals[at]
    if (error !== undefined) settlements.set(work, { outcome: 'failed', error })
    return error === undefined
  })
  if (dryRun) return items.map((work) => settlements.get(work) ?? { outcome: 'planned', reason: 'dry-run' })
  for (let tries = 1; open.length > 0; tries++) {
    const outcomes = await remove(source, open, context)
    const unclear = open.filter((work, at) => {
      const outcome = outcomes[at] ?? unanswered(work)
      settlements.set(work, outcome)
      return outcome.outcome === 'unknown'
    })
    // A removal is guarded by what the key was, so that sending it again can do no harm.
    const there = await lookAt(source, unclear, context)
    open = unclear.filter((work, at) => {
      if (there[at] === undefined) settlements.set(work, { outcome: 'done' })
      return there[at] !== undefined && tries <= retries && !context.stop.aborted
    })
  }
  return items.map((work) => settlements.get(work) ?? unanswered(work))
}

/** Why a source must stay: its copy is not there, or is the source itself under another name. */
async function witnessRefusals(
  works: readonly Work[],
  source: Store,
  dest: Store,
  context: Context,
): Promise<readonly (RekeyError | undefined)[]> {
  if (works[0]?.removal.witness === undefined) return []
  const copies = works.map(({ removal }) => removal.witness?.key ?? removal.key)
  const there = await dest.stat(copies, context.abort).catch((error: RekeyError) => copies.map(() => error))
  const here = await lookAt(source, works, context)
  return works.map(({ removal }, at) => refusal(removal, here[at], there[at]))
}

function refusal({ key }: Removal, here: Looked, there: Looked): RekeyError | undefined {
  if (there instanceof Failed) return there
  if (there === undefined) return new Failed('E_UNPROVEN', `${keyText(key)} stays: its copy is not there any more`)
  if (here === undefined || here instanceof Failed) return undefined
  if (here.object === undefined || here.object !== there.object) return undefined
  return new Failed('E_UNPROVEN', `${keyText(key)} stays: its copy is the same thing under another name`)
}

async function lookAt(store: Store, works: readonly Work[], context: Context): Promise<readonly Looked[]> {
  if (works.length === 0) return []
  const keys = works.map(({ removal }) => removal.key)
  return await store.stat(keys, context.abort).catch((error: RekeyError) => keys.map(() => error))
}

async function remove(store: Store, works: readonly Work[], context: Context): Promise<readonly Outcome[]> {
  if (store.remove === undefined) {
    const error = new Failed('E_UNSUPPORTED', `${store.location} cannot be deleted from`)
    return works.map(() => ({ outcome: 'failed', error }))
  }
  try {
    return await store.remove(
      works.map(({ removal }) => targetOf(removal, store)),
      context.abort,
    )
  } catch (thrown) {
    const error = new Failed('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return works.map(() => ({ outcome: 'unknown', error }))
  }
}

/** A destination that does not keep its source's time is not held to it. */
function targetOf({ key, expect, witness }: Removal, { traits }: Store): Target {
  const { mtimeMs, ...rest } = expect
  const keepsTime = witness !== undefined || traits.holds.includes('mtime')
  return { key, expect: keepsTime && mtimeMs !== undefined ? { ...rest, mtimeMs } : rest }
}

function unanswered({ removal }: Work): Outcome {
  const message = `${keyText(removal.key)} may have been deleted: no answer came, and it could not be looked at`
  return { outcome: 'unknown', error: new Failed('E_UNANSWERED', message) }
}

function settle(line: Line, settlement: Settlement, side: Side, stamp: { ms: number; at: string }): Line {
  const { outcome } = settlement
  setFields(line, {
    outcome,
    reason: 'reason' in settlement ? settlement.reason : undefined,
    error: 'error' in settlement ? settlement.error.toFailure() : undefined,
    tries: 'tries' in settlement ? settlement.tries : undefined,
    deleted: outcome === 'done' ? side : undefined,
    ...(outcome === 'done' || outcome === 'unknown' ? stamp : {}),
  })
  return line
}
