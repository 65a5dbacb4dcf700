/** From what a row said before and what this run has counted to what the row says next. Pure. */

import type { Sample } from '../../stage/progress/samples.ts'
import { withSample } from '../../stage/progress/samples.ts'
import type { Counts, FailedKey, Share, Standing } from '../../stage/progress/standing.ts'
import { completedOf, failedOf, NO_COUNTS, statusOf } from '../../stage/progress/standing.ts'

/** The share of a run that counts all of its rows alone. */
export const WHOLE = 'all'

export interface Update {
  readonly share: string
  readonly run: string
  readonly counts: Counts
  readonly errors: Readonly<Record<string, number>>
  readonly failures: readonly FailedKey[]
  readonly last?: string | undefined
  /** what was planned; undefined for what the row says already */
  readonly total?: number | undefined
  readonly isEnded: boolean
  readonly completesAtEnd: boolean
  /** milliseconds since 1970, and what was settled then by the journals that the run goes on from */
  readonly startedMs: number
  readonly settledAtStart: number
}

export type Before = Partial<Pick<Standing, 'total' | 'createdAt' | 'updatedAt' | 'status' | 'completed' | 'failed'>> &
  Pick<Standing, 'shares' | 'samples'>

/** A row for a group of which nothing has passed yet. */
export function pendingStanding(total: number | undefined, nowMs: number): Standing {
  const now = new Date(nowMs).toISOString()
  const times = { createdAt: now, updatedAt: now, seenAt: now }
  return {
    status: 'pending',
    ...(total !== undefined && { total }),
    completed: 0,
    failed: 0,
    ...times,
    shares: {},
    samples: [],
  }
}

/**
 * The share of this run takes the place of the one that had its name; those of other parts of the work stay and add up.
 * A run that counts the whole takes the place of all of them.
 */
export function nextStanding(before: Before | undefined, update: Update, nowMs: number): Standing {
  const now = new Date(nowMs).toISOString()
  const shares = { ...othersOf(before, update.share), [update.share]: shareOf(update, now) }
  const all = Object.values(shares)
  const counts = sumOf(all.map((share) => share.counts))
  const [completed, failed] = [completedOf(counts), failedOf(counts)]
  const settled = completed + failed
  const planned = update.total ?? before?.total
  const total = planned === undefined ? undefined : Math.max(planned, settled)
  const isOver = all.every((share) => share.ended === true)
  const status = statusOf(settled, failed, total, { isOver, completesAtEnd: update.completesAtEnd })
  const errors = errorsOf(all)
  const isSame =
    before?.shares[update.share]?.run === update.run &&
    before.completed === completed &&
    before.failed === failed &&
    before.status === status
  return {
    status,
    ...(total !== undefined && { total }),
    completed,
    failed,
    ...(update.last !== undefined && { last: update.last }),
    ...(Object.keys(errors).length > 0 && { errors }),
    createdAt: before?.createdAt ?? now,
    updatedAt: (isSame ? before.updatedAt : undefined) ?? now,
    seenAt: now,
    ...(isOver && { endedAt: now }),
    shares,
    samples: nextSamples(before, update, settled, nowMs),
  }
}

/** Whether another run has written this share since this run began: two of them write one share. */
export function hasRival(before: Before | undefined, { share, run, startedMs }: Update): boolean {
  const there = before?.shares[share]
  return there !== undefined && there.run !== run && there.ended !== true && Date.parse(there.at) > startedMs
}

function othersOf(before: Before | undefined, share: string): Readonly<Record<string, Share>> {
  if (share === WHOLE || before === undefined) return {}
  const { [WHOLE]: _whole, ...parts } = before.shares
  return parts
}

function shareOf({ run, isEnded, counts, errors, failures }: Update, at: string): Share {
  return {
    run,
    at,
    ...(isEnded && { ended: true as const }),
    counts: { ...counts },
    ...(Object.keys(errors).length > 0 && { errors }),
    ...(failures.length > 0 && { failures }),
  }
}

function nextSamples(before: Before | undefined, update: Update, settled: number, nowMs: number): readonly Sample[] {
  const samples = before?.samples ?? []
  const isGoingOn = before?.shares[update.share]?.run === update.run
  const own = update.counts.done + update.counts.skipped + update.counts.failed + update.counts.unknown
  const atStart = settled - own + update.settledAtStart
  const begun = isGoingOn ? samples : withSample(samples, Math.floor(update.startedMs / 1000), atStart)
  // Rounded up, so that a run of less than a second has grown in some time.
  return withSample(begun, Math.ceil(nowMs / 1000), settled)
}

function sumOf(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, counts) => ({
      done: sum.done + counts.done,
      skipped: sum.skipped + counts.skipped,
      failed: sum.failed + counts.failed,
      unknown: sum.unknown + counts.unknown,
      open: sum.open + counts.open,
    }),
    NO_COUNTS,
  )
}

function errorsOf(shares: readonly Share[]): Record<string, number> {
  const errors: Record<string, number> = {}
  for (const share of shares) {
    for (const [code, count] of Object.entries(share.errors ?? {})) errors[code] = (errors[code] ?? 0) + count
  }
  return errors
}
