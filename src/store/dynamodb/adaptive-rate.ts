/**
 * How many capacity units a second may be used: what was asked for, or what the server bears. When it refuses, the rate
 * goes below what it has just borne, and then grows until it refuses again. Decides; does not wait. Times are milliseconds.
 */

const CUT = 0.7
const GROWTH_PER_SECOND = 2
/** of the exponential function by which it grows: exp(GROWTH * seconds) */
const GROWTH = Math.log(GROWTH_PER_SECOND)
const LEAST = 1
const LONGEST_PENANCE_MS = 500
/** the use of the last so many seconds counts */
const MEMORY_MS = 1000

export class AdaptiveRate {
  readonly #most: number
  #perSecond: number
  /** when the next request may go */
  #freeAt = 0
  #cutAt = Number.NEGATIVE_INFINITY
  #grownAt = 0
  /** units of late, each counting for less the longer ago it was used */
  #recent = 0
  #measuredAt = Number.NEGATIVE_INFINITY
  /** since when there have been requests without a rest */
  #busySince = 0

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
    if (nowMs - this.#measuredAt > MEMORY_MS) {
      this.#recent = 0
      this.#measuredAt = nowMs
      this.#busySince = nowMs
    }
    if (this.#perSecond === Number.POSITIVE_INFINITY) return nowMs
    const startsAt = Math.max(this.#freeAt, nowMs)
    this.#freeAt = startsAt + this.#msFor(units, startsAt)
    return startsAt
  }

  /** What it has taken in the end; a request that has failed has taken nothing. */
  spent(nowMs: number, expected: number, units: number): void {
    this.#measure(nowMs, units)
    if (this.#perSecond === Number.POSITIVE_INFINITY) return
    const freeAt = this.#freeAt + this.#msFor(units - expected, this.#freeAt)
    // What was asked for is kept to the letter. A rate found by trial is not worth more than a moment of waiting for what one
    // request has taken beyond all expectation.
    const isPromised = this.#perSecond === this.#most
    this.#freeAt = isPromised ? freeAt : Math.min(freeAt, Math.max(this.#freeAt, nowMs + LONGEST_PENANCE_MS))
    this.#perSecond = this.#perSecondAt(nowMs)
    this.#grownAt = nowMs
  }

  /** A request that went at `sentMs` was refused. Those that went before the last cut say nothing about it. */
  refused(nowMs: number, sentMs: number): void {
    if (sentMs <= this.#cutAt) return
    this.#measure(nowMs, 0)
    this.#perSecond = Math.max(LEAST, Math.min(this.#perSecond, this.#borne(nowMs)) * CUT)
    this.#cutAt = nowMs
    this.#grownAt = nowMs
    this.#freeAt = Math.max(this.#freeAt, nowMs + 1000 / this.#perSecond)
  }

  #perSecondAt(ms: number): number {
    const grown = this.#perSecond * GROWTH_PER_SECOND ** (Math.max(0, ms - this.#grownAt) / 1000)
    return Math.min(this.#most, grown)
  }

  /** How long it takes from then until so many units are free, of a rate that grows meanwhile as far as was asked for. */
  #msFor(units: number, ms: number): number {
    const perSecond = this.#perSecondAt(ms)
    if (perSecond === Number.POSITIVE_INFINITY) return 0
    const wanted = Math.abs(units)
    const whileGrowing = Math.min(wanted, (this.#most - perSecond) / GROWTH)
    const seconds = Math.log1p((whileGrowing * GROWTH) / perSecond) / GROWTH + (wanted - whileGrowing) / this.#most
    return Math.sign(units) * seconds * 1000
  }

  #measure(nowMs: number, units: number): void {
    this.#recent = this.#recent * Math.exp(-Math.max(0, nowMs - this.#measuredAt) / MEMORY_MS) + units
    this.#measuredAt = nowMs
  }

  /** Units a second of late, of the time for which there was something to do. */
  #borne(nowMs: number): number {
    const busyMs = Math.max(1, nowMs - this.#busySince)
    return (this.#recent * 1000) / (MEMORY_MS * (1 - Math.exp(-busyMs / MEMORY_MS)))
  }
}
