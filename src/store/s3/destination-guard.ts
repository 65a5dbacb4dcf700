/** Holds a write to its guard: by a condition that the server obeys, or by what a look at the destination has shown. Pure. */
import { RekeyError } from '../../record/errors.ts'
import type { Evidence, Guard, Outcome } from '../contract.ts'
import { EXISTS } from './ask.ts'
import type { Encryption } from './encryption.ts'
import { notAsExpected, weigh } from './evidence.ts'
import type { Found } from './look-up.ts'

/** Whether a server obeys the two conditions on the kind of write in question. */
export interface Obeyed {
  readonly absent: boolean
  readonly match: boolean
  /** it takes an etag without its quotes alone, and refuses any that stands in them; Ceph does, of a PUT */
  readonly bareEtag?: boolean
}

export const NOTHING_OBEYED: Obeyed = { absent: false, match: false }

/**
 * | guard | server obeys it | look |
 * |---|---|---|
 * | absent | yes | no |
 * | absent | no | yes |
 * | match | any | yes: the record may hold no etag, and the server knows nothing else |
 * | any | any | no |
 */
export function needsLook(guard: Guard, { absent }: Obeyed): boolean {
  return guard === 'match' || (guard === 'absent' && !absent)
}

/** What settles the write by what has been seen; undefined where it may go on. */
export function guardVerdict(
  guard: Guard,
  key: string,
  expect: Evidence,
  there: Found,
  encryption: Encryption,
): Outcome | undefined {
  if (there instanceof RekeyError) return { outcome: 'failed', error: there }
  if (guard === 'absent') return there === undefined ? undefined : EXISTS
  if (guard !== 'match') return undefined
  if (there === undefined) return { outcome: 'failed', error: notAsExpected(key, 'changed') }
  const verdict = weigh(expect, there, encryption)
  return verdict === 'same' ? undefined : { outcome: 'failed', error: notAsExpected(key, verdict, there) }
}

/** The condition by which the server checks the guard itself, where it obeys. */
export function conditionOf(guard: Guard, { absent, match, bareEtag }: Obeyed, there: Found): Record<string, string> {
  if (guard === 'absent' && absent) return { 'if-none-match': '*' }
  if (guard !== 'match' || !match || there === undefined || there instanceof RekeyError) return {}
  return { 'if-match': bareEtag ? there.etag : `"${there.etag}"` }
}

/** The outcome where the server has refused the condition. */
export function refusedBy(guard: Guard, key: string): Outcome {
  return guard === 'absent' ? EXISTS : { outcome: 'failed', error: notAsExpected(key, 'changed') }
}
