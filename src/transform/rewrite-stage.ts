/**
 * The work of rewrite-keys: each open record gets its new key, and what stands against another move is settled.
 * Holds one batch, the ledger, which is at most 16 bytes a record that is moved, and the map of --map.
 */
import type { Key } from '../record/key.ts'
import { sameKey } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { addTo, setFields, settleFailed, settleSkipped } from '../record/line.ts'
import { recordKey, recordTo } from '../record/record.ts'
import type { Context, Stage } from '../stage/stage.ts'
import { HeldPlan } from './held-plan.ts'
import { readKeyMap } from './key-map.ts'
import { Ledger } from './ledger.ts'
import type { Renaming } from './renaming.ts'
import { renamingOf } from './renaming.ts'
import type { Rewriting } from './rewriting.ts'
import { keepsPlain, newKey } from './rewriting.ts'
import { Unfit } from './unfit.ts'
import type { Policy, Verdict } from './verdict.ts'
import { judgeNext, judgeWhole, UNKNOWN_RANK } from './verdict.ts'

export interface RewriteOptions {
  readonly rewriting: Rewriting
  /** the file of --map */
  readonly mapFile?: string | undefined
  readonly toStore?: string | undefined
  readonly changedOnly: boolean
  readonly policy: Policy
  /** nothing goes on before the whole plan is known */
  readonly prove: boolean
}

/** With what follows from the options for all records of the plan. */
interface Prepared extends RewriteOptions {
  readonly staysPlain: boolean
  readonly renaming: Renaming | undefined
}

export function rewriteStage(options: RewriteOptions): Stage {
  return async function* (batches, context) {
    const prepared = await prepare(options, context)
    const ledger = new Ledger(() => context.scratch(), prepared.renaming)
    try {
      if (options.prove) yield* proveThenPass(batches, prepared, ledger, context)
      else yield* passAtOnce(batches, prepared, ledger)
    } finally {
      ledger.close()
    }
  }
}

async function prepare(options: RewriteOptions, context: Context): Promise<Prepared> {
  const rewriting = await withMap(options, context)
  return { ...options, rewriting, staysPlain: keepsPlain(rewriting), renaming: renamingOf(rewriting) }
}

async function withMap({ mapFile, rewriting }: RewriteOptions, context: Context): Promise<Rewriting> {
  if (mapFile === undefined) return rewriting
  const map = await readKeyMap(mapFile, context.readFile(mapFile))
  return { ...rewriting, map: (key) => map.get(key) }
}

async function* passAtOnce(batches: AsyncIterable<readonly Line[]>, options: Prepared, ledger: Ledger) {
  for await (const batch of batches) {
    const moved = rewriteBatch(batch, options, ledger)
    for (const { index, found } of ledger.check()) {
      const line = moved[index] as Line
      settle(line, judgeNext(found, recordTo(line.record) as Key, options.policy))
    }
    await ledger.settle()
    yield batch
  }
}

async function* proveThenPass(
  batches: AsyncIterable<readonly Line[]>,
  options: Prepared,
  ledger: Ledger,
  context: Context,
) {
  const plan = new HeldPlan(() => context.scratch())
  try {
    for await (const batch of batches) {
      const moved = rewriteBatch(batch, options, ledger)
      for (const { index, found } of ledger.check()) {
        if (found.duplicate) settleSkipped(moved[index] as Line, 'duplicate')
      }
      await ledger.settle()
      await plan.add(batch)
    }
    if (context.stop.aborted) {
      context.warn('stopped before the whole plan was read, so none of it is proven and none of it was printed')
      return
    }
    for await (const batch of plan.batches()) {
      for (const line of batch) proveLine(line, options, ledger)
      yield batch
      if (context.stop.aborted) return
    }
  } finally {
    plan.close()
  }
}

/** Gives the open records their new keys; the moves that the ledger was given, in its order. */
function rewriteBatch(batch: readonly Line[], options: Prepared, ledger: Ledger): readonly Line[] {
  const moved: Line[] = []
  for (const line of batch) if (rewriteLine(line, options, ledger)) moved.push(line)
  return moved
}

/** Gives an open record its new key, or its outcome; whether it is a move now. */
function rewriteLine(line: Line, options: Prepared, ledger: Ledger): boolean {
  const record = line.open ?? line.record
  const key = recordKey(record)
  if (record.outcome !== undefined || key === undefined) return false
  const before = recordTo(record)
  const to = newKey(options.rewriting, before ?? key, line)
  if (to instanceof Unfit) {
    settleFailed(line, { code: 'E_FIELD', message: to.message, retryable: false })
    return false
  }
  const store = record.store ?? ''
  const toStore = options.toStore ?? record.toStore ?? store
  if (toStore === store && sameKey(to, key)) {
    if (before !== undefined) setFields(line, { to: undefined, to64: undefined, toStore: undefined })
    settleSkipped(line, 'unchanged')
    return false
  }
  const rank = rankOf(line, options.policy)
  if (options.renaming !== undefined && before === undefined && toStore === store && typeof key === 'string') {
    ledger.enterRenamed(store, key, rank)
  } else {
    ledger.enter(store, key, toStore, to, rank)
  }
  if (before === undefined || !sameKey(before, to)) addTo(line, to, options.staysPlain && line.open !== undefined)
  if (options.toStore !== undefined) setFields(line, { toStore: toStore === store ? undefined : toStore })
  return true
}

/** Settles a move that stands against another one, now that all are known. */
function proveLine(line: Line, options: RewriteOptions, ledger: Ledger): void {
  const { record } = line
  const key = recordKey(record)
  const to = recordTo(record)
  if (record.outcome !== undefined || key === undefined || to === undefined) return
  const store = record.store ?? ''
  settle(line, judgeWhole(ledger.look(store, key, record.toStore ?? store, to), to, options.policy))
}

function settle(line: Line, verdict: Verdict): void {
  if (verdict === undefined) return
  if ('failed' in verdict) settleFailed(line, verdict.failed)
  else settleSkipped(line, verdict.skipped)
}

/** The newest goes before the others. */
function rankOf(line: Line, policy: Policy): number {
  if (policy !== 'newest') return 0
  const mtimeMs = Date.parse(String(line.record.mtime))
  return Number.isNaN(mtimeMs) ? UNKNOWN_RANK : -mtimeMs
}
