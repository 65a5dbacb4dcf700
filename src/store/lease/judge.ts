/**
 * Whether a lease may be taken. Its age is never a time that somebody has written held against a clock of ours: it is
 * what the store says by its own clock, or how long we have seen no change, counted on a clock that nobody sets.
 */
import type { SeenLease } from './contract.ts'

export type Standing = 'absent' | 'released' | 'stale' | 'held'

/**
 * | lease | age by the store | unchanged for, on our own clock | standing |
 * |---|---|---|---|
 * | none | | | absent |
 * | released | any | any | released |
 * | held | stale or more | any | stale |
 * | held | any, unknown | stale or more | stale |
 * | held | less, unknown | less | held |
 *
 * `staleMs` counts where the lease does not name a longer time of its own.
 */
export function standingOf(seen: SeenLease | undefined, unchangedMs: number, staleMs: number): Standing {
  if (seen === undefined) return 'absent'
  if (seen.record.state === 'released') return 'released'
  const limitMs = Math.max(staleMs, seen.record.stale_ms ?? 0)
  return (seen.ageMs ?? 0) > limitMs || unchangedMs > limitMs ? 'stale' : 'held'
}

/** How long each lease has stood without a change, as far as this process has looked. Holds one mark a lease. */
export class Watch {
  readonly #marks = new Map<string, { readonly mark: string; readonly sinceMs: number }>()

  /** Notes what was seen at a time of a steady clock, and gives how long it has been so. */
  unchangedMs(name: string, seen: SeenLease | undefined, steadyMs: number): number {
    const known = this.#marks.get(name)
    if (seen === undefined) this.#marks.delete(name)
    else if (known?.mark === seen.mark) return steadyMs - known.sinceMs
    else this.#marks.set(name, { mark: seen.mark, sinceMs: steadyMs })
    return 0
  }
}
