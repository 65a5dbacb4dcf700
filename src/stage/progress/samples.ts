/**
 * How a count has grown, in few numbers, so that one look at a row tells its rate: each minute of the last quarter of an
 * hour, and what lies before that ever more thinly. Pure.
 */

/** Seconds since 1970, and the count at that time; in the order of time. */
export type Sample = readonly [at: number, count: number]

/** The time that a rate is taken from. */
export const RATE_WINDOW_S = 15 * 60

const SPACING_S = 60
/** a little more than the window, so that a sample before its beginning is there */
const RECENT_S = RATE_WINDOW_S + 2 * SPACING_S
const OLDER_KEPT = 16
/** hosts that write one row may disagree by so much; a sample that is further ahead was written by a clock gone wrong */
const CLOCKS_DIFFER_S = 3600

/** The samples with one more: at most 36. One that has shrunk begins anew, for then another run counts. */
export function withSample(samples: readonly Sample[], time: number, count: number): readonly Sample[] {
  const last = samples.at(-1)
  if (last === undefined || count < last[1] || time < last[0] - CLOCKS_DIFFER_S) return [[time, count]]
  const at = Math.max(time, last[0])
  const beforeLast = samples.at(-2)
  const isClose = beforeLast !== undefined && at - beforeLast[0] < SPACING_S
  const all: readonly Sample[] = [...(isClose ? samples.slice(0, -1) : samples), [at, count]]
  const recent = all.findIndex(([time]) => time >= at - RECENT_S)
  const older = all.slice(0, recent)
  const kept = older.length > OLDER_KEPT ? older.filter((_, nth) => nth % 2 === 0) : older
  return [...kept, ...all.slice(recent)]
}

/** The count at a time: in between as if it had grown evenly, before the first what that says, behind the last that. */
export function countAt(samples: readonly Sample[], at: number): number {
  const next = samples.findIndex(([time]) => time > at)
  if (next === -1) return samples.at(-1)?.[1] ?? 0
  const [endAt, endCount] = samples[next] as Sample
  const before = samples[next - 1]
  if (before === undefined) return endCount
  const [startAt, startCount] = before
  return startCount + ((endCount - startCount) * (at - startAt)) / (endAt - startAt)
}

/** By how much all of them have grown between two times. */
export function growth(all: readonly (readonly Sample[])[], from: number, to: number): number {
  return all.reduce((sum, samples) => sum + countAt(samples, to) - countAt(samples, from), 0)
}

/** Growth a second over the last 15 minutes, or since the first sample where that is later; undefined when none tells. */
export function rateOf(all: readonly (readonly Sample[])[], now: number): number | undefined {
  const firsts = all.flatMap(([first]) => (first === undefined ? [] : [first[0]]))
  if (firsts.length === 0) return undefined
  const from = firsts.reduce((least, at) => Math.min(least, at), now - 1)
  const start = Math.max(from, now - RATE_WINDOW_S)
  return growth(all, start, now) / (now - start)
}
