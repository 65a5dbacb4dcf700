/**
 * How many capacity units a second may be used: what was asked for, or what the server bears. When it refuses, the rate
 * goes below what it has just borne, and then grows again by little. Decides; does not wait. Times are milliseconds.
 */

const CUT = 0.7
const GROWTH_PER_SECOND = 1.1
const LEAST = 1
/** the use of the last so many seconds counts */
const MEMORY_MS = 1000

export class AdaptiveRate {
  readonly #most: number
  #perSecond: number
  /** when the next request may go */
  #freeAt = 0
  #cutAt = Number.NEGATIVE_INFINITY
  #grownAt = 0
  #measured = 0
  #measuredAt = 0

  /** `most` units a second; no limit without it, until the server refuses. */
  constructor(most: number = Number.POSITIVE_INFINITY) {
    this.#most = most
    this.#perSecond = most
  }

  get perSecond(): number {
    return this.#perSecond
  }

  /** When a request that is expected to take so many units may go. */
  reserve(nowMs: number, units: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return nowMs
    const startsAt = Math.max(this.#freeAt, nowMs)
    this.#freeAt = startsAt + this.#msFor(units)
    return startsAt
  }

  /** What it has taken in the end; a request that has failed has taken nothing. */
  spent(nowMs: number, expected: number, units: number): void {
    this.#measure(nowMs, units)
    if (this.#perSecond === Number.POSITIVE_INFINITY) return
    this.#freeAt += this.#msFor(units - expected)
    const grown = this.#perSecond * GROWTH_PER_SECOND ** (Math.max(0, nowMs - this.#grownAt) / 1000)
    this.#grownAt = nowMs
    this.#perSecond = Math.min(this.#most, grown)
  }

  /** A request that went at `sentMs` was refused. Those that went before the last cut say nothing about it. */
  refused(nowMs: number, sentMs: number): void {
    if (sentMs <= this.#cutAt) return
    this.#measure(nowMs, 0)
    this.#perSecond = Math.max(LEAST, Math.min(this.#perSecond, this.#measured) * CUT)
    this.#cutAt = nowMs
    this.#grownAt = nowMs
    this.#freeAt = Math.max(this.#freeAt, nowMs + this.#msFor(1))
  }

  #msFor(units: number): number {
    return (units * 1000) / this.#perSecond
  }

  /** Units a second of late: each counts for less the longer ago it was. */
  #measure(nowMs: number, units: number): void {
    const faded = this.#measured * Math.exp(-Math.max(0, nowMs - this.#measuredAt) / MEMORY_MS)
    this.#measured = faded + (units * 1000) / MEMORY_MS
    this.#measuredAt = nowMs
  }
}
