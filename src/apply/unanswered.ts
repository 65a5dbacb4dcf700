/** Finds out about writes that got no answer, by what the destination holds. */
import { RekeyError } from '../record/errors.ts'
import { keyText } from '../record/key.ts'
import type { Context } from '../stage/stage.ts'
import type { Outcome, Store } from '../store/contract.ts'
import { lookAt } from '../store/look.ts'
import { compareContents, compareWith } from '../store/same-content.ts'
import { valueContent } from '../store/value-content.ts'
import { foundCopies } from './found-copies.ts'
import type { Attempt, CopySettings, Job, Settlement, Work } from './work.ts'

/** An earlier run was about to write these when it ended, and they are there: ours if they hold what the source holds. */
export async function settleDoubtful(
  job: Job,
  works: readonly Work[],
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<void> {
  const found = await foundOf(job, works, context)
  for (const work of works) {
    settlements.set(work, found.get(work) ?? unanswered(work, 'an earlier run was writing it when it ended'))
  }
}

/** Gives back the attempts that are to be made again: those of which the destination shows nothing. */
export async function settleUnanswered(
  job: Job,
  unclear: readonly Attempt[],
  tries: number,
  settings: CopySettings,
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<readonly Attempt[]> {
  if (unclear.length === 0) return []
  const works = unclear.map((attempt) => attempt.work)
  const there = await lookAt(
    job.dest,
    works.map((work) => work.pair.to),
    context.abort,
  )
  const found = await foundOf(job, works, context)
  const again: Attempt[] = []
  unclear.forEach((attempt, at) => {
    const mayRepeat = tries <= settings.retries && !context.stop.aborted
    const outcome = found.get(attempt.work)
    if (outcome !== undefined) settlements.set(attempt.work, finished(attempt, outcome, tries))
    else if (there[at] === undefined && mayRepeat) again.push(attempt)
    else
      settlements.set(attempt.work, unanswered(attempt.work, `it was sent ${tries === 1 ? 'once' : `${tries} times`}`))
  })
  return again
}

/** The outcomes of those works whose destinations hold what was to be written. */
async function foundOf(job: Job, works: readonly Work[], context: Context): Promise<ReadonlyMap<Work, Outcome>> {
  const same = await isSame(job.source, job.dest, works, context)
  const made = works.filter((_, at) => same[at])
  const outcomes = made.length === 0 ? [] : await foundCopies(job, made, context.abort)
  return new Map(made.map((work, at) => [work, outcomes[at] as Outcome]))
}

/** Whether each destination holds what was to be written; not when nobody would tell. */
async function isSame(
  source: Store,
  dest: Store,
  works: readonly Work[],
  { abort }: Context,
): Promise<readonly boolean[]> {
  const compared = works[0]?.put
    ? await Promise.all(works.map(({ line, pair }) => compareWith(valueContent(line), dest, pair.to, abort)))
    : await compareContents(
        source,
        dest,
        works.map((work) => work.pair),
        abort,
      ).catch(() => [])
  return works.map((_, at) => {
    const answer = compared[at]
    return answer !== undefined && !(answer instanceof RekeyError) && answer.same
  })
}

/** The outcome with what the look before the write knows: whether something was replaced. */
export function finished(attempt: Attempt, outcome: Outcome, sent: number): Outcome {
  const tries = (outcome.tries ?? 1) + sent - 1
  const counted = tries > 1 ? { ...outcome, tries } : outcome
  if (counted.outcome !== 'done' || counted.reason !== undefined || attempt.before === undefined) return counted
  return { reason: attempt.guard === 'merge' ? 'merged' : 'replaced', ...counted }
}

/** For a write of which nobody can say whether it was made. */
export function unanswered(work: Work, circumstance: string): Outcome {
  const message = `${keyText(work.pair.to)} may have been written: ${circumstance} and no answer came; verify tells whether it holds what it should`
  return { outcome: 'unknown', error: new RekeyError('E_UNANSWERED', message) }
}
