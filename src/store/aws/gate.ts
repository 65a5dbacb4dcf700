/**
 * How many requests are in flight at once: more while answers stay quick and this process has time for more, half when the
 * server asks for less. Holds the requests that wait for their turn.
 */

const FIRST = 16
const FEWEST = 2
/** As many as go by connections of which a process may have a thousand, two for each. */
const MOST = 256

/** What an answer says of the load: `quick` as ever, `slow`er than it could be, `busy` for refused or not in time. */
export type Report = 'quick' | 'slow' | 'busy'

export class Gate {
  #limit: number
  readonly #isFixed: boolean
  readonly #isBusy: () => boolean
  #inFlight = 0
  /** answers to requests that were sent before the last halving, which say nothing about it */
  #deaf = 0
  /** quick answers since the limit has last grown */
  #quick = 0
  readonly #waiting: Array<() => void> = []
  #next = 0

  /** With `fixed` the limit stays what it is. `isBusy` is asked before it grows: a process without time gains nothing by it. */
  constructor(fixed?: number, isBusy: () => boolean = () => false) {
    this.#limit = fixed ?? FIRST
    this.#isFixed = fixed !== undefined
    this.#isBusy = isBusy
  }

  get limit(): number {
    return this.#limit
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Runs `work` when it is its turn, in the order of the calls. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.enter()
    if (turn !== undefined) await turn
    try {
      return await work()
    } finally {
      this.leave()
    }
  }

  /** Undefined when it may go on at once. Each call is followed by one of `leave`. */
  enter(): Promise<void> | undefined {
    if (this.#inFlight < this.#limit) {
      this.#inFlight++
      return undefined
    }
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }

  leave(): void {
    this.#inFlight--
    while (this.#inFlight < this.#limit && this.#next < this.#waiting.length) {
      const wake = this.#waiting[this.#next++] as () => void
      this.#inFlight++
      wake()
    }
    if (this.#next > 1024 || this.#next === this.#waiting.length) {
      this.#waiting.splice(0, this.#next)
      this.#next = 0
    }
  }

  /** One for each answer. The limit grows by one a round of quick answers, and only where all of it is in use. */
  report(kind: Report): void {
    if (this.#isFixed) return
    if (kind === 'busy') {
      if (this.#deaf > 0) this.#deaf--
      else this.#halve()
      return
    }
    if (this.#deaf > 0) this.#deaf--
    if (kind === 'slow' || this.#inFlight < this.#limit) return
    if (++this.#quick < this.#limit) return
    this.#quick = 0
    if (!this.#isBusy()) this.#limit = Math.min(MOST, this.#limit + 1)
  }

  #halve(): void {
    this.#limit = Math.max(FEWEST, this.#limit >> 1)
    this.#quick = 0
    this.#deaf = Math.max(0, this.#inFlight - 1)
  }
}
