/** The capacity of a table that this run uses, and the wait before each request that keeps to the rate. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AdaptiveRate } from './adaptive-rate.ts'

/** How fast the average of a kind of request follows: each new one counts for this part. */
const FRESH = 0.2

export class Capacity {
  readonly #rate: AdaptiveRate
  readonly #now: () => number
  /** how many times its least a request of this kind takes, on average of late */
  readonly #usual = new Map<string, number>()
  #used = 0

  /** `most` units a second. */
  constructor(most: number | undefined, now: () => number) {
    this.#rate = new AdaptiveRate(most)
    this.#now = now
  }

  /** units that the server says were used */
  get used(): number {
    return this.#used
  }

  /** The rate, where there is one. */
  get perSecond(): number | undefined {
    return Number.isFinite(this.#rate.perSecond) ? this.#rate.perSecond : undefined
  }

  /**
   * Waits for its turn; then what is to be told about the answer. `least` is what one takes at the least: one for each of its
   * items. Throws when the signal is aborted.
   */
  async turn(kind: string, signal: AbortSignal, least = 1): Promise<Turn> {
    const usual = this.#usual.get(kind) ?? 1
    const expected = usual * least
    const waitMs = this.#rate.reserve(this.#now(), expected) - this.#now()
    if (waitMs > 0) await sleep(waitMs, undefined, { signal })
    const sentMs = this.#now()
    return {
      spent: (units) => {
        this.#used += units
        if (units > 0) this.#usual.set(kind, usual + (units / least - usual) * FRESH)
        this.#rate.spent(this.#now(), expected, units)
      },
      refused: () => this.#rate.refused(this.#now(), sentMs),
    }
  }
}

export interface Turn {
  /** once for each request, with what it took */
  spent(units: number): void
  /** when the server has asked for less */
  refused(): void
}
