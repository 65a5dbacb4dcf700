/** Milliseconds since 1970 as ISO 8601, as Date.toISOString writes them, at a fifth of its price. Holds the last day. */

const DAY_MS = 86_400_000
/** What a Date can hold, either side of 1970: to the year 275760. */
const MOST_MS = 8.64e15
const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))

export class IsoTimes {
  #day = Number.NaN
  /** `2026-01-02T` */
  #date = ''

  /** Undefined for what is beyond the time that a Date can hold, as some file systems and Redis can. */
  text(ms: number): string | undefined {
    const whole = Math.trunc(ms)
    if (!(Math.abs(whole) <= MOST_MS)) return undefined
    const day = Math.floor(whole / DAY_MS)
    if (day !== this.#day) {
      this.#date = new Date(whole).toISOString().slice(0, -13)
      this.#day = day
    }
    const inDay = whole - day * DAY_MS
    const seconds = Math.floor(inDay / 1000)
    const hour = TWO_DIGITS[Math.floor(seconds / 3600)]
    const minute = TWO_DIGITS[Math.floor(seconds / 60) % 60]
    return `${this.#date}${hour}:${minute}:${TWO_DIGITS[seconds % 60]}.${String(inDay % 1000).padStart(3, '0')}Z`
  }
}
