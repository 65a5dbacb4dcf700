/**
 * Calls for one item each, made in one turn of the event loop, as one call for many: what comes alone to the store goes to
 * the server in batches. Holds what one turn brings.
 */
export class Gather<In, Out> {
  readonly #most: number
  readonly #call: (inputs: readonly In[], signal: AbortSignal) => Promise<readonly Out[]>
  #waiting: Waiting<In, Out>[] = []

  /** `call` is given up to `most` inputs and gives an answer for each. */
  constructor(most: number, call: (inputs: readonly In[], signal: AbortSignal) => Promise<readonly Out[]>) {
    this.#most = most
    this.#call = call
  }

  add(input: In, signal: AbortSignal): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ input, signal, resolve, reject })
      if (this.#waiting.length === 1) setImmediate(() => this.#flush())
    })
  }

  #flush(): void {
    const all = this.#waiting
    this.#waiting = []
    for (let at = 0; at < all.length; at += this.#most) void this.#send(all.slice(at, at + this.#most))
  }

  async #send(some: readonly Waiting<In, Out>[]): Promise<void> {
    const [first] = some
    if (first === undefined) return
    try {
      const answers = await this.#call(
        some.map(({ input }) => input),
        first.signal,
      )
      some.forEach(({ resolve }, at) => void resolve(answers[at] as Out))
    } catch (thrown) {
      for (const { reject } of some) reject(thrown)
    }
  }
}

interface Waiting<In, Out> {
  readonly input: In
  readonly signal: AbortSignal
  resolve(answer: Out): void
  reject(reason: unknown): void
}
