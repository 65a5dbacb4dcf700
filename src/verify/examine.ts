/** Looks at source and destination afresh and says whether they are the same. Never trusts what a copy has answered. */
import { RekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import type { Proof } from '../record/record.ts'
import { PROOFS } from '../record/record.ts'
import type { Context } from '../stage/stage.ts'
import type { Entry, Looked, Store } from '../store/contract.ts'
import { isEntry, lookAt } from '../store/look.ts'
import type { Compared } from '../store/same-content.ts'
import type { Case, Examination, Verdict } from './case.ts'
import { compareCases } from './compare.ts'
import { differences } from './differences.ts'
import { glance } from './glance.ts'
import { changedSinceListing } from './subject.ts'

/** What one reading of a case has shown; `source` and `digest` tell whether another reading finds the source changed. */
interface Reading {
  readonly verdict: Verdict
  readonly source: Looked
}

/** One verdict per case: most are settled at a glance, the others are read. */
export async function examine(
  cases: readonly Case[],
  examination: Examination,
  context: Context,
): Promise<readonly Verdict[]> {
  const verdicts = await glance(cases, examination, context)
  const open = cases.filter((_, at) => verdicts[at] === undefined)
  if (open.length === 0) return verdicts as readonly Verdict[]
  const read = (await readAndConclude(open, examination, context)).values()
  return verdicts.map((verdict) => verdict ?? (read.next().value as Verdict))
}

/** What does not agree is read once more, because either side may have changed in between. */
async function readAndConclude(
  cases: readonly Case[],
  examination: Examination,
  context: Context,
): Promise<readonly Verdict[]> {
  const first = await readAll(cases, examination, context)
  const doubtful = cases.filter((_, at) => isFalse(first[at]))
  if (doubtful.length === 0) return first.map((reading) => reading.verdict)
  const second = await readAll(doubtful, examination, context)
  const renewed = new Map(doubtful.map((one, at) => [one, second[at]]))
  return cases.map((one, at) => conclude(one, first[at] as Reading, renewed.get(one)))
}

function isFalse(reading: Reading | undefined): boolean {
  return reading !== undefined && 'verified' in reading.verdict && !reading.verdict.verified
}

function conclude({ line }: Case, first: Reading, second: Reading | undefined): Verdict {
  if (second === undefined) return first.verdict
  const { verdict, source } = second
  if (!('verified' in verdict) || verdict.verified || !isEntry(source)) return verdict
  const changing = isEntry(first.source) && changedBetween(first.source, source)
  return changing || changedSinceListing(line.record, source)
    ? { ...verdict, differs: [...verdict.differs, 'source-changed'] }
    : verdict
}

function changedBetween(before: Entry, after: Entry): boolean {
  return before.sizeBytes !== after.sizeBytes || before.mtimeMs !== after.mtimeMs || before.type !== after.type
}

async function readAll(
  cases: readonly Case[],
  examination: Examination,
  context: Context,
): Promise<readonly Reading[]> {
  const { source, dest } = examination
  const [here, there] = await Promise.all([
    lookAt(
      source,
      cases.map((one) => one.subject.from),
      context.abort,
    ),
    lookAt(
      dest,
      cases.map((one) => one.subject.to),
      context.abort,
    ),
  ])
  const early = cases.map((one, at) => verdictByEntries(one, here[at], there[at], examination, context.now()))
  const open = cases.filter((_, at) => early[at] === undefined)
  const compared = await compareCases(open, examination, context)
  const byContent = new Map(open.map((one, at) => [one, verdictByContent(compared[at], examination)]))
  return cases.map((one, at) => {
    const verdict = early[at] ?? recognisable(byContent.get(one) as Verdict, there[at], dest)
    return { source: here[at], verdict }
  })
}

/** A copy that was proven without a digest of its own is known again by its etag, as it was before the proof. */
function recognisable(verdict: Verdict, there: Looked, { traits }: Store): Verdict {
  if (!('verified' in verdict && verdict.verified) || verdict.toDigest !== undefined) return verdict
  if (verdict.proof !== 'bytes' && verdict.proof !== 'checksum') return verdict
  if (traits.etags !== true || !isEntry(there) || there.etag === undefined) return verdict
  return { toDigest: `etag:${there.etag}`, ...verdict }
}

/** The verdict, where what the stores tell without the contents settles it. */
function verdictByEntries(
  { line, subject }: Case,
  here: Looked,
  there: Looked,
  { source, dest, least }: Examination,
  now: number,
): Verdict | undefined {
  if (here instanceof RekeyError) return { error: here }
  if (there instanceof RekeyError) return { error: there }
  if (subject.put) return there === undefined ? { verified: false, differs: ['missing'] } : undefined
  if (here === undefined && there === undefined && hasExpired(line, now)) return { gone: true }
  const { lost, reason } = line.open ?? line.record
  if (there === undefined) return { verified: false, differs: ['missing'] }
  if (here === undefined) return { verified: false, differs: ['source-missing'] }
  const circumstances = {
    source: source.traits,
    dest: dest.traits,
    // jq makes a null of a field that a record does not have.
    lost: Array.isArray(lost) ? lost : [],
    merged: reason === 'merged',
  }
  const differs = differences(here, there, circumstances)
  if (differs.length > 0) return { verified: false, differs }
  if (least === 'size' && here.sizeBytes !== undefined && there.sizeBytes !== undefined)
    return { verified: true, proof: 'size' }
  // Other etags may still stand for the same content: one of many parts, or encrypted with a key of its own.
  const speak = source.traits.etags === true && dest.traits.etags === true && reason !== 'merged'
  return speak && least !== 'bytes' && here.etag !== undefined && here.etag === there.etag
    ? { verified: true, proof: 'etag', digest: `etag:${here.etag}` }
    : undefined
}

function hasExpired({ record: { expires } }: Line, now: number): boolean {
  return expires !== undefined && Date.parse(expires) <= now
}

function verdictByContent(compared: Compared, { least }: Examination): Verdict {
  if (compared instanceof RekeyError) return { error: compared }
  if (compared === undefined) return { verified: false, differs: ['missing'] }
  const { proof } = compared
  if (!compared.same) return { verified: false, differs: ['content'], proof }
  if (least !== undefined && least !== 'bytes' && isWeaker(proof, least))
    return { verified: false, differs: ['proof'], proof }
  const digest = compared.digest === undefined ? {} : { digest: compared.digest }
  return {
    verified: true,
    proof,
    ...digest,
    ...(compared.toDigest === undefined ? {} : { toDigest: compared.toDigest }),
  }
}

function isWeaker(proof: Proof, least: Proof): boolean {
  return PROOFS.indexOf(proof) < PROOFS.indexOf(least)
}
