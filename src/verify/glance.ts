/**
 * The usual case of verify: copies within one store that are just like their sources. One call of the store may say so,
 * where looking, listing what differs and comparing contents would take several.
 */
import type { Context } from '../stage/stage.ts'
import type { Case, Examination, Verdict } from './case.ts'
import { pairOf } from './case.ts'

/** A verdict for each case that is right beyond doubt; undefined for the others, which are to be read. */
export async function glance(
  cases: readonly Case[],
  { source, dest, least }: Examination,
  { abort }: Context,
): Promise<readonly (Verdict | undefined)[]> {
  // A put has no source, a merged copy need not be alike, and --proof bytes asks for more than digests.
  if (source !== dest || source.alike === undefined || least === 'bytes' || !cases.every(isPlain)) {
    return new Array(cases.length).fill(undefined)
  }
  const digests = await source.alike(cases.map(pairOf), abort)
  return digests.map((digest) => (digest === undefined ? undefined : { verified: true, proof: 'digest', digest }))
}

function isPlain({ line, subject }: Case): boolean {
  return !subject.put && (line.open ?? line.record).reason !== 'merged'
}
