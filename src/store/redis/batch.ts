/**
 * Requests that go out as one write, and the place where their answers gather. To ioredis each is a command in its
 * queue; a promise for each, as ioredis makes them, would cost more than all the rest of a copy.
 */
import type { Command } from 'ioredis'
import type { Answer, Argument, Reply, Request } from './connection.ts'

export class Batch {
  readonly #requests: readonly Request[]
  readonly #answers: Answer[]
  readonly #failure: (error: Error, request: Request) => Answer
  #open: number
  #end: (answers: Answer[]) => void = () => {}
  /** resolves when every request has its answer; never rejects */
  readonly answers: Promise<Answer[]>

  /** `failure` tells what an error means that ioredis gives for a request. */
  constructor(requests: readonly Request[], failure: (error: Error, request: Request) => Answer) {
    this.#requests = requests
    this.#failure = failure
    this.#answers = new Array(requests.length)
    this.#open = requests.length
    this.answers = new Promise((resolve) => {
      this.#end = resolve
    })
    if (requests.length === 0) this.#end([])
  }

  /** What stands for each request in the queue of ioredis. */
  commands(): Command[] {
    return this.#requests.map((_, at) => new Queued(this, at) as unknown as Command)
  }

  /** All requests in the protocol of Redis (RESP), as few pieces as may be. */
  bytes(): string | Buffer {
    const pieces: (string | Buffer)[] = []
    let text = ''
    for (const request of this.#requests) {
      text += `*${request.length}\r\n`
      for (const argument of request) {
        text += `$${lengthOf(argument)}\r\n`
        if (typeof argument === 'string') text += `${argument}\r\n`
        else {
          pieces.push(Buffer.from(text, 'utf8'), argument)
          text = '\r\n'
        }
      }
    }
    if (pieces.length === 0) return text
    return Buffer.concat([...(pieces as Buffer[]), Buffer.from(text, 'utf8')])
  }

  resolve(at: number, reply: Reply): void {
    this.#settle(at, reply)
  }

  reject(at: number, error: Error): void {
    this.#settle(at, this.#failure(error, this.#requests[at] as Request))
  }

  #settle(at: number, answer: Answer): void {
    if (this.#answers[at] !== undefined) return
    this.#answers[at] = answer
    this.#open--
    if (this.#open === 0) this.#end(this.#answers)
  }
}

/** As much of the Command of ioredis 6 as its queue uses: it neither writes nor waits by itself. */
class Queued {
  readonly name = 'batch'
  readonly args: readonly Argument[] = []
  /** no span of its own for whoever traces */
  readonly isTraced = true
  readonly promise = undefined
  readonly #batch: Batch
  readonly #at: number

  constructor(batch: Batch, at: number) {
    this.#batch = batch
    this.#at = at
  }

  setReplyContext(): void {}

  /** The batch has its bytes written in one go. */
  toWritable(): string {
    return ''
  }

  resolve(reply: Reply): void {
    this.#batch.resolve(this.#at, reply)
  }

  reject(error: Error): void {
    this.#batch.reject(this.#at, error)
  }
}

function lengthOf(argument: Argument): number {
  return typeof argument === 'string' ? Buffer.byteLength(argument, 'utf8') : argument.length
}
