/**
 * One batch of writes: look at the destinations, note what is about to be written, write under a guard, and find out
 * about every write that got no answer. Each work ends in exactly one outcome.
 */
import type { Context } from '../stage/stage.ts'
import type { Guard, Outcome } from '../store/contract.ts'
import { requireCopy } from './capability.ts'
import type { Forecast } from './forecast.ts'
import { planJob } from './plan-job.ts'
import type { Carriage } from './transfer.ts'
import { copyPairs, putValue } from './transfer.ts'
import { finished, settleUnanswered, unanswered } from './unanswered.ts'
import type { Attempt, CopySettings, Job, Settlement, Work } from './work.ts'

/** How often a destination that turns up between the look and the write is decided about anew. */
const ROUNDS = 3

/** The outcomes of a job's works, in their order. Throws E_UNSUPPORTED when the stores cannot do it at all. */
export async function runJob(job: Job, settings: CopySettings, context: Context): Promise<readonly Settlement[]> {
  requireCopy(job.source, job.dest, settings.ifExists)
  const settlements = new Map<Work, Settlement>()
  let open = job.items
  for (let round = 1; open.length > 0 && round <= ROUNDS; round++) {
    await runOnce({ ...job, items: open }, settings, context, settlements)
    open = settings.ifExists === 'skip' ? [] : open.filter((work) => hasLostRace(settlements.get(work)))
  }
  const settled: Settlement[] = []
  for (const work of job.items) settled.push(settlements.get(work) ?? lost(work))
  return settled
}

/** Where --if-exists has something to say, `exists` comes only from a guard: there was nothing at the look. */
function hasLostRace(settlement: Settlement | undefined): boolean {
  return settlement?.outcome === 'skipped' && settlement.reason === 'exists'
}

async function runOnce(
  job: Job,
  settings: CopySettings,
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<void> {
  const attempts = await planJob(job, settings, context, settlements)
  if (settings.dryRun) {
    for (const { work } of attempts) {
      settlements.set(work, { outcome: 'planned', reason: 'dry-run' })
      if (settings.forecast !== undefined) foresee(job, work, settings.forecast)
    }
    return
  }
  const created: Work[] = []
  const guarded = new Map<Guard, Attempt[]>()
  for (const attempt of attempts) {
    if (attempt.before === undefined) created.push(attempt.work)
    const alike = guarded.get(attempt.guard)
    if (alike === undefined) guarded.set(attempt.guard, [attempt])
    else alike.push(attempt)
  }
  if (created.length > 0) await settings.note(created)
  for (const [guard, alike] of guarded) await writeAndSettle(job, alike, guard, settings, context, settlements)
}

function foresee({ source, dest }: Job, { line, put }: Work, forecast: Forecast): void {
  const sizeBytes = line.record.size ?? 0
  forecast.count(sizeBytes)
  forecast.ask(dest, 'look', sizeBytes)
  const inside = source === dest && !put
  if (!inside && !put) forecast.ask(source, 'read', sizeBytes)
  forecast.ask(dest, inside ? 'copy' : 'write', sizeBytes)
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
    for (let at = 0; at < open.length; at++) {
      const attempt = open[at] as Attempt
      const outcome = outcomes[at] ?? lost(attempt.work)
      // After a write without an answer, what exists may be what that one made.
      const isOurs = tries > 1 && hasLostRace(outcome)
      if (outcome.outcome === 'unknown' || isOurs) unclear.push(attempt)
      else settlements.set(attempt.work, finished(attempt, outcome, tries))
    }
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
    return Promise.all(attempts.map((attempt) => putValue(dest, carriageOf(attempt), guard, context.abort)))
  }
  return await copyPairs(source, dest, attempts.map(carriageOf), guard, context.abort)
}

function carriageOf({ work, pair }: Attempt): Carriage {
  return pair === work.pair ? work : { line: work.line, pair }
}

function lost(work: Work): Outcome {
  return unanswered(work, 'the store gave no outcome for it')
}
