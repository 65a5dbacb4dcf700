/** Compares the contents of cases, each in the way that its record and --proof call for. */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import type { Context } from '../stage/stage.ts'
import type { Digested, Store } from '../store/contract.ts'
import type { Compared } from '../store/same-content.ts'
import { compareBytes, compareContents, compareWith, withDigests } from '../store/same-content.ts'
import { valueContent } from '../store/value-content.ts'
import type { Case, Examination } from './case.ts'
import { pairOf } from './case.ts'

type Comparison = (cases: readonly Case[], examination: Examination, context: Context) => Promise<readonly Compared[]>

const COMPARISONS = {
  /** by digests, and by bytes where the two stores make different kinds */
  contents: (cases, { source, dest }, { abort }) => compareContents(source, dest, cases.map(pairOf), abort),
  bytes: compareRead,
  /** the destination against the record's own value */
  put: comparePut,
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

async function compareRead(
  cases: readonly Case[],
  { source, dest }: Examination,
  { abort }: Context,
): Promise<readonly Compared[]> {
  const [from, to] = [source, dest].map(({ traits }) => traits.holds.includes('mtime'))
  const [here, there] = await Promise.all([
    from || cases.every(({ line }) => line.record.etag !== undefined) ? [] : digestsOf(source, sources(cases), abort),
    (from && to) || dest.traits.etags ? [] : digestsOf(dest, destinations(cases), abort),
  ])
  const compared = await Promise.all(cases.map((one) => compareBytes(source, dest, pairOf(one), abort)))
  return compared.map((one, at) => withDigests(one, here[at], there[at]))
}

async function comparePut(
  cases: readonly Case[],
  { dest }: Examination,
  { abort }: Context,
): Promise<readonly Compared[]> {
  const digests = dest.traits.etags ? [] : await digestsOf(dest, destinations(cases), abort)
  const compared = await Promise.all(
    cases.map(
      async ({ line, subject: { to } }) =>
        valueMissing(line, to) ?? (await compareWith(valueContent(line), dest, to, abort)),
    ),
  )
  return compared.map((one, at) => withDigests(one, digests[at], digests[at]))
}

/** A journal that was stripped of its values proves nothing: an empty destination would pass for them. */
function valueMissing({ record }: Line, to: Key): RekeyError | undefined {
  if (record.value !== undefined || record.value64 !== undefined) return undefined
  return new RekeyError('E_FIELD', `${keyText(to)} has no field "value": it is what was put, and what is looked for`)
}

/**
 * By these delete-apply knows a key again that neither an etag nor a time tells. They are made before the contents are
 * read: so a change in between is one since the proof.
 */
async function digestsOf(store: Store, keys: readonly Key[], signal: AbortSignal): Promise<readonly Digested[]> {
  return (await store.digest?.(keys, signal)) ?? []
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

function sources(cases: readonly Case[]): readonly Key[] {
  return cases.map(({ subject }) => subject.from)
}

function destinations(cases: readonly Case[]): readonly Key[] {
  return cases.map(({ subject }) => subject.to)
}
