/**
 * One batch of writes: look at the destinations, note what is about to be written, write under a guard, and find out
 * about every write that got no answer. Each work ends in exactly one outcome.
 */
import type { Context } from '../stage/stage.ts'
import type { Guard, Outcome } from '../store/contract.ts'
import { requireCopy } from './capability.ts'
import { planJob } from './plan-job.ts'
import { copyPairs, putValue } from './transfer.ts'
import { finished, settleUnanswered, unanswered } from './unanswered.ts'
import type { Attempt, CopySettings, Job, Settlement, Work } from './work.ts'

/** The outcomes of a job's works, in their order. Throws E_UNSUPPORTED when the stores cannot do it at all. */
export async function runJob(job: Job, settings: CopySettings, context: Context): Promise<readonly Settlement[]> {
  requireCopy(job.source, job.dest, settings.ifExists)
  const settlements = new Map<Work, Settlement>()
  const attempts = await planJob(job, settings, context, settlements)
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

function lost(work: Work): Outcome {
  return unanswered(work, 'the store gave no outcome for it')
}
