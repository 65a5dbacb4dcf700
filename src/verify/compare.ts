/** Compares the contents of cases, each in the way that its record and --proof call for. */
import { RekeyError } from '../record/errors.ts'
import type { Context } from '../stage/stage.ts'
import type { Compared } from '../store/same-content.ts'
import { compareBytes, compareContents, compareWith } from '../store/same-content.ts'
import { valueContent } from '../store/value-content.ts'
import type { Case, Examination } from './case.ts'
import { pairOf } from './case.ts'

type Comparison = (cases: readonly Case[], examination: Examination, context: Context) => Promise<readonly Compared[]>

const COMPARISONS = {
  /** by digests, and by bytes where the two stores make different kinds */
  contents: (cases, { source, dest }, { abort }) => compareContents(source, dest, cases.map(pairOf), abort),
  bytes: (cases, { source, dest }, { abort }) =>
    Promise.all(cases.map((one) => compareBytes(source, dest, pairOf(one), abort))),
  /** the destination against the record's own value */
  put: (cases, { dest }, { abort }) =>
    Promise.all(cases.map(({ line, subject }) => compareWith(valueContent(line), dest, subject.to, abort))),
  /** whether the destination holds all that the source holds, and maybe more */
  merged: compareMerged,
} as const satisfies Record<string, Comparison>

/** One answer per case, in order. */
export async function compareCases(
  cases: readonly Case[],
  examination: Examination,
  context: Context,
): Promise<readonly Compared[]> {
  const kinds = cases.map((one) => kindOf(one, examination))
  const answers = new Map<Case, Compared>()
  for (const kind of new Set(kinds)) {
    const some = cases.filter((_, at) => kinds[at] === kind)
    const compared = await COMPARISONS[kind](some, examination, context)
    some.forEach((one, at) => {
      answers.set(one, compared[at])
    })
  }
  return cases.map((one) => answers.get(one))
}

function kindOf({ line, subject }: Case, { least }: Examination): keyof typeof COMPARISONS {
  if (subject.put) return 'put'
  if (line.record.reason === 'merged') return 'merged'
  return least === 'bytes' ? 'bytes' : 'contents'
}

async function compareMerged(
  cases: readonly Case[],
  { source, dest }: Examination,
  { abort }: Context,
): Promise<readonly Compared[]> {
  if (source !== dest || source.includes === undefined) {
    const message = `${dest.location} cannot tell whether a merged key holds all of its source`
    return cases.map(() => new RekeyError('E_UNSUPPORTED', message))
  }
  const answers = await source.includes(cases.map(pairOf), abort)
  return answers.map((answer) => (typeof answer === 'boolean' ? { same: answer, proof: 'bytes' } : answer))
}
