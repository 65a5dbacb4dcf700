/**
 * One batch of writes: look at the destinations, note what is about to be written, write under a guard, and find out
 * about every write that got no answer. Each work ends in exactly one outcome.
 */
import { RekeyError } from '../record/errors.ts'
import { keyText } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import type { Context } from '../stage/stage.ts'
import type { StoreGroup } from '../stage/store-groups.ts'
import type { Entry, Evidence, Guard, Looked, Outcome, Pair, Store } from '../store/contract.ts'
import { compareContents } from '../store/same-content.ts'
import { requireCopy } from './capability.ts'
import type { Decision, IfExists } from './if-exists.ts'
import { decideWrite } from './if-exists.ts'
import { copyPairs, putValue } from './transfer.ts'

/** One write that is asked for. */
export interface Work {
  readonly line: Line
  readonly pair: Pair
  /** writes the record's value, and reads no source */
  readonly put: boolean
}

/** Writes that go to one store, from one store. */
export type Job = StoreGroup<Work>

export interface CopySettings {
  readonly ifExists: IfExists
  readonly dryRun: boolean
  /** how often a write that got no answer, and of which the destination shows nothing, is sent again */
  readonly retries: number
  /** whether an earlier run began to write this record's destination and did not tell the end */
  isInDoubt(work: Work): boolean
  /** notes, so that it survives a crash, that these are about to be written and that their destinations are absent */
  note(works: readonly Work[]): Promise<void>
}

/** `planned` stands for a write that --dry-run leaves undone. */
export type Settlement = Outcome | { readonly outcome: 'planned'; readonly reason: 'dry-run' }

interface Attempt {
  readonly work: Work
  readonly guard: Guard
  readonly pair: Pair
  /** the destination before the write */
  readonly before: Entry | undefined
}

/** The outcomes of a job's works, in their order. Throws E_UNSUPPORTED when the stores cannot do it at all. */
export async function runJob(job: Job, settings: CopySettings, context: Context): Promise<readonly Settlement[]> {
  requireCopy(job.source, job.dest, settings.ifExists)
  const settlements = new Map<Work, Settlement>()
  const attempts = await plan(job, settings, context, settlements)
  if (settings.dryRun) {
    for (const { work } of attempts) settlements.set(work, { outcome: 'planned', reason: 'dry-run' })
  } else {
    const created = attempts.filter((attempt) => attempt.before === undefined).map((attempt) => attempt.work)
    if (created.length > 0) await settings.note(created)
    for (const guard of new Set(attempts.map((attempt) => attempt.guard))) {
      const guarded = attempts.filter((attempt) => attempt.guard === guard)
      await writeAndSettle(job, guarded, guard, settings, context, settlements)
    }
  }
  return job.items.map((work) => settlements.get(work) ?? lost(work))
}

/** Looks at both sides and decides; what needs no write is settled here. */
async function plan(
  job: Job,
  settings: CopySettings,
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<readonly Attempt[]> {
  const { items: works, source, dest } = job
  const there = await lookAt(
    dest,
    works.map((work) => work.pair.to),
    context,
  )
  const here =
    settings.ifExists === 'newest'
      ? await lookAt(
          source,
          works.map((work) => work.pair.from),
          context,
        )
      : []
  const attempts: Attempt[] = []
  const doubtful: Work[] = []
  works.forEach((work, at) => {
    const before = there[at]
    const decision = decideWrite(settings.ifExists, work.pair.to, work.put ? valueEntry(work) : here[at], before)
    if (isEntry(before) && settings.isInDoubt(work)) doubtful.push(work)
    else if ('outcome' in decision) settlements.set(work, decision)
    else attempts.push(attemptOf(work, decision, before))
  })
  if (doubtful.length > 0) await settleDoubtful(job, doubtful, context, settlements)
  return await withDigests(dest, attempts, context)
}

function isEntry(looked: Looked): looked is Entry {
  return looked !== undefined && !(looked instanceof RekeyError)
}

/** The time of a value that is put is the record's own, or now. */
function valueEntry({ line, pair }: Work): Entry {
  const { mtime } = line.record
  return { key: pair.from, ...(mtime === undefined ? {} : { mtimeMs: Date.parse(mtime) }) }
}

function attemptOf(work: Work, { guard, expect }: Exclude<Decision, Outcome>, before: Looked): Attempt {
  const pair = expect === undefined ? work.pair : { ...work.pair, expect }
  return { work, guard, pair, before: before as Entry | undefined }
}

/** Adds the destination's digest to what a `match` expects, where the store makes digests. */
async function withDigests(dest: Store, attempts: readonly Attempt[], context: Context): Promise<readonly Attempt[]> {
  const matching = attempts.filter((attempt) => attempt.guard === 'match')
  if (matching.length === 0 || dest.digest === undefined) return attempts
  const digests = await dest.digest(
    matching.map((attempt) => attempt.pair.to),
    context.abort,
  )
  const expected = new Map<Attempt, Evidence>()
  matching.forEach((attempt, at) => {
    const digest = digests[at]
    if (typeof digest === 'string') expected.set(attempt, { ...attempt.pair.expect, digest })
  })
  return attempts.map((attempt) => {
    const expect = expected.get(attempt)
    return expect === undefined ? attempt : { ...attempt, pair: { ...attempt.pair, expect } }
  })
}

/** An earlier run was about to write these when it ended, and they are there: ours if they hold what the source holds. */
async function settleDoubtful(
  { source, dest }: Job,
  works: readonly Work[],
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<void> {
  const same = await isSame(source, dest, works, context)
  works.forEach((work, at) => {
    settlements.set(
      work,
      same[at] ? { outcome: 'done' } : unanswered(work, 'an earlier run was writing it when it ended'),
    )
  })
}

/** Writes, and settles what got no answer by a look; writes again what the look does not find. */
async function writeAndSettle(
  job: Job,
  attempts: readonly Attempt[],
  guard: Guard,
  settings: CopySettings,
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<void> {
  let open = attempts
  for (let tries = 1; open.length > 0; tries++) {
    const outcomes = await write(job, open, guard, context)
    const unclear: Attempt[] = []
    open.forEach((attempt, at) => {
      const outcome = outcomes[at] ?? lost(attempt.work)
      if (outcome.outcome === 'unknown') unclear.push(attempt)
      else settlements.set(attempt.work, finished(attempt, outcome, tries))
    })
    open = await settleUnanswered(job, unclear, tries, settings, context, settlements)
  }
}

async function write(
  job: Job,
  attempts: readonly Attempt[],
  guard: Guard,
  context: Context,
): Promise<readonly Outcome[]> {
  const { source, dest } = job
  if (attempts[0]?.work.put) {
    return Promise.all(attempts.map(({ work, pair }) => putValue(dest, work.line, pair, guard, context.abort)))
  }
  return await copyPairs(
    source,
    dest,
    attempts.map((attempt) => attempt.pair),
    guard,
    context.abort,
  )
}

/** Gives back the attempts that are to be made again: those of which the destination shows nothing. */
async function settleUnanswered(
  { source, dest }: Job,
  unclear: readonly Attempt[],
  tries: number,
  settings: CopySettings,
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<readonly Attempt[]> {
  if (unclear.length === 0) return []
  const works = unclear.map((attempt) => attempt.work)
  const there = await lookAt(
    dest,
    works.map((work) => work.pair.to),
    context,
  )
  const same = await isSame(source, dest, works, context)
  const again: Attempt[] = []
  unclear.forEach((attempt, at) => {
    const mayRepeat = tries <= settings.retries && !context.stop.aborted
    if (same[at]) settlements.set(attempt.work, finished(attempt, { outcome: 'done' }, tries))
    else if (there[at] === undefined && mayRepeat) again.push(attempt)
    else
      settlements.set(attempt.work, unanswered(attempt.work, `it was sent ${tries === 1 ? 'once' : `${tries} times`}`))
  })
  return again
}

async function isSame(
  source: Store,
  dest: Store,
  works: readonly Work[],
  context: Context,
): Promise<readonly boolean[]> {
  // What a put has written is looked at by verify, which knows how to read the value.
  if (works[0]?.put) return works.map(() => false)
  const compared = await compareContents(
    source,
    dest,
    works.map((work) => work.pair),
    context.abort,
  ).catch(() => [])
  return works.map((_, at) => {
    const answer = compared[at]
    return answer !== undefined && !(answer instanceof RekeyError) && answer.same
  })
}

/** A look that fails as a whole fails for each key, so that nothing is written blindly. */
async function lookAt(store: Store, keys: readonly Pair['to'][], context: Context): Promise<readonly Looked[]> {
  return await store.stat(keys, context.abort).catch((error: RekeyError) => keys.map(() => error))
}

/** The outcome with what the look before the write knows: whether something was replaced. */
function finished(attempt: Attempt, outcome: Outcome, sent: number): Outcome {
  const tries = (outcome.tries ?? 1) + sent - 1
  const counted = tries > 1 ? { ...outcome, tries } : outcome
  if (counted.outcome !== 'done' || counted.reason !== undefined || attempt.before === undefined) return counted
  return { ...counted, reason: attempt.guard === 'merge' ? 'merged' : 'replaced' }
}

function unanswered(work: Work, circumstance: string): Outcome {
  const message = `${keyText(work.pair.to)} may have been written: ${circumstance} and no answer came; verify tells whether it holds what it should`
  return { outcome: 'unknown', error: new RekeyError('E_UNANSWERED', message) }
}

function lost(work: Work): Outcome {
  return unanswered(work, 'the store gave no outcome for it')
}
