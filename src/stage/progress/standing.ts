/** What a group has come to, and its status: what track-progress writes and watch-progress reads. Pure. */
import type { KeyRecord } from '../../record/record.ts'
import type { Sample } from './samples.ts'

export const STATUSES = ['pending', 'in-progress', 'completed', 'failed'] as const
export type Status = (typeof STATUSES)[number]

/** Records by what became of them. `open` ones are still to be done. */
export interface Counts {
  readonly done: number
  readonly skipped: number
  readonly failed: number
  readonly unknown: number
  readonly open: number
}

export const NO_COUNTS: Counts = { done: 0, skipped: 0, failed: 0, unknown: 0, open: 0 }

export interface FailedKey {
  readonly key: string
  readonly code: string
  readonly message: string
}

/** What one run has counted of a group, or one part of the work where several runs share rows. */
export interface Share {
  /** names the run, so that two that write one share are found out */
  readonly run: string
  /** ISO 8601 UTC: when it was written */
  readonly at: string
  /** the run has read its input to the end, or was stopped */
  readonly ended?: true
  readonly counts: Counts
  /** failures by code */
  readonly errors?: Readonly<Record<string, number>>
  /** the first few failures */
  readonly failures?: readonly FailedKey[]
}

export interface Standing {
  readonly status: Status
  /** absent while nobody knows how much is planned */
  readonly total?: number
  /** done or skipped */
  readonly completed: number
  /** failed or unknown */
  readonly failed: number
  /** the key that was settled last */
  readonly last?: string
  readonly errors?: Readonly<Record<string, number>>
  /** ISO 8601 UTC, all of them */
  readonly createdAt: string
  /** when a count has changed last */
  readonly updatedAt: string
  /** when a run has last said that it lives */
  readonly seenAt: string
  /** when the last run ended; absent while one goes on */
  readonly endedAt?: string
  readonly shares: Readonly<Record<string, Share>>
  readonly samples: readonly Sample[]
}

/** Where a record is counted. What verify has found to differ has failed, and what it has proven is done. */
export function countedAs({ outcome, verified }: KeyRecord): keyof Counts {
  if (verified === false) return 'failed'
  if (outcome === undefined || outcome === 'planned') return 'open'
  return outcome === 'unknown' && verified === true ? 'done' : outcome
}

export function completedOf({ done, skipped }: Counts): number {
  return done + skipped
}

export function failedOf({ failed, unknown }: Counts): number {
  return failed + unknown
}

/**
 * | settled | failures | every run has ended | status |
 * |---|---|---|---|
 * | none | - | any | pending |
 * | all that was planned | none | any | completed |
 * | all that was planned | some | any | failed |
 * | some | some | yes | failed |
 * | some | any | no | in-progress |
 * | some | none | yes | in-progress: a run that hits a limit completes nothing |
 *
 * Where nobody knows how much was planned, nothing is ever all of it, unless the end of the input is said to be that.
 */
export function statusOf(
  settled: number,
  failed: number,
  total: number | undefined,
  { isOver, completesAtEnd }: { readonly isOver: boolean; readonly completesAtEnd: boolean },
): Status {
  if (settled === 0) return 'pending'
  const isAll = total === undefined ? isOver && completesAtEnd : settled >= total
  if (isAll) return failed > 0 ? 'failed' : 'completed'
  return isOver && failed > 0 ? 'failed' : 'in-progress'
}
