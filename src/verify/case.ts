/** What verify examines, and what it can come to. */
import type { RekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import type { Proof } from '../record/record.ts'
import type { Pair, Store } from '../store/contract.ts'
import type { Difference } from './differences.ts'
import type { Subject } from './subject.ts'

/** One record under examination. */
export interface Case {
  readonly line: Line
  readonly subject: Subject
}

export function pairOf({ subject }: Case): Pair {
  return { from: subject.from, to: subject.to }
}

export interface Examination {
  readonly source: Store
  readonly dest: Store
  /** the least proof that is accepted; undefined for the strongest that needs no reading of whole bodies */
  readonly least: Proof | undefined
}

export type Verdict =
  | { readonly verified: true; readonly proof: Proof; readonly digest?: string; readonly toDigest?: string }
  | {
      readonly verified: false
      readonly differs: readonly Difference[]
      readonly proof?: Proof
    }
  /** both sides have expired, as they should */
  | { readonly gone: true }
  /** one of the stores would not tell */
  | { readonly error: RekeyError }
