/** Looks at both sides of each write before it is made, and decides under which guard it may be. */
import type { Key } from '../record/key.ts'
import type { Context } from '../stage/stage.ts'
import type { Entry, Evidence, Looked, Outcome, Store } from '../store/contract.ts'
import { isEntry, lookAt } from '../store/look.ts'
import type { Decision } from './if-exists.ts'
import { decideWrite } from './if-exists.ts'
import { settleDoubtful } from './unanswered.ts'
import type { Attempt, CopySettings, Job, Settlement, Work } from './work.ts'

/** Looks at both sides and decides; what needs no write is settled here. */
export async function planJob(
  job: Job,
  settings: CopySettings,
  context: Context,
  settlements: Map<Work, Settlement>,
): Promise<readonly Attempt[]> {
  const { items: works, source, dest } = job
  const there = await lookAt(dest, works.map(toOf), context.abort)
  const here = settings.ifExists === 'newest' ? await lookAt(source, works.map(fromOf), context.abort) : []
  const attempts: Attempt[] = []
  const doubtful: Work[] = []
  for (let at = 0; at < works.length; at++) {
    const work = works[at] as Work
    const before = there[at]
    const from = work.put ? valueEntry(work) : here[at]
    const decision = decideWrite(settings.ifExists, work.pair.to, from, before, dest.traits)
    if (isEntry(before) && settings.isInDoubt(work)) doubtful.push(work)
    else if ('outcome' in decision) settlements.set(work, decision)
    else attempts.push(attemptOf(work, decision, before))
  }
  if (doubtful.length > 0) await settleDoubtful(job, doubtful, context, settlements)
  return await withDigests(dest, attempts, context)
}

function fromOf({ pair }: Work): Key {
  return pair.from
}

function toOf({ pair }: Work): Key {
  return pair.to
}

/** The time of a value that is put is the record's own; without one that can be read, nothing tells which is newer. */
function valueEntry({ line, pair }: Work): Entry {
  const mtimeMs = Date.parse(String(line.record.mtime))
  return { key: pair.from, ...(Number.isNaN(mtimeMs) ? {} : { mtimeMs }) }
}

function attemptOf(work: Work, { guard, expect }: Exclude<Decision, Outcome>, before: Looked): Attempt {
  const pair = expect === undefined ? work.pair : { expect, ...work.pair }
  return { work, guard, pair, before: before as Entry | undefined }
}

function isMatching({ guard }: Attempt): boolean {
  return guard === 'match'
}

/** Adds the destination's digest to what a `match` expects, where the store makes digests. */
async function withDigests(dest: Store, attempts: readonly Attempt[], context: Context): Promise<readonly Attempt[]> {
  const matching = attempts.filter(isMatching)
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
