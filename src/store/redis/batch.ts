/** Requests that go out as one write, at least one, and the place where their answers gather. */
import type { Answer, ReadReply, Request } from './connection.ts'

export class Batch {
  readonly requests: readonly Request[]
  readonly read: ReadReply
  readonly #answers: Answer[] = []
  #end: (answers: Answer[]) => void = () => {}
  /** resolves when every request has its answer; never rejects */
  readonly answers: Promise<Answer[]>

  constructor(requests: readonly Request[], read: ReadReply) {
    this.requests = requests
    this.read = read
    this.answers = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** which request's answer comes next */
  get at(): number {
    return this.#answers.length
  }

  get next(): Request {
    return this.requests[this.at] as Request
  }

  /** Takes the answer to the next request; true when it was the last one. */
  take(answer: Answer): boolean {
    this.#answers.push(answer)
    const isLast = this.#answers.length === this.requests.length
    if (isLast) this.#end(this.#answers)
    return isLast
  }

  /** Gives every request that has no answer this one. */
  fail(answer: Answer): void {
    while (!this.take(answer));
  }
}
