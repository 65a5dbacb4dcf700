/** One request on the wire, from its dispatch to its answer, with no stream between. */
import type { Handler } from './http-connection.ts'
import { headersIn } from './http-head.ts'
import type { Reply, Streamed } from './request.ts'

/** What went wrong with an exchange, before anything is made of it. */
export interface Broken {
  readonly error: Error
  /** whether any of the request may have reached the server */
  readonly wasSent: boolean
  /** whether the server had begun to answer */
  readonly wasAnswered: boolean
}

export type Headers = Readonly<Record<string, string | undefined>>

export abstract class Exchange implements Handler {
  protected status = 0
  protected head = ''
  #abort: ((reason: Error) => void) | undefined
  #aborted: Error | undefined
  #isOver = false
  readonly #over: (exchange: Exchange) => void

  /** `over` is told once, when nothing more will come. */
  constructor(over: (exchange: Exchange) => void) {
    this.#over = over
  }

  /** Called when it is this request's turn on a connection, just before it is written. */
  onConnect(abort: (reason: Error) => void): void {
    if (this.#aborted === undefined) this.#abort = abort
    else abort(this.#aborted)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  onHeaders(status: number, head: string, lengthBytes: number | undefined, resume: () => void): void {
    this.status = status
    this.head = head
    this.begun(lengthBytes, resume)
  }

  onError(error: Error): void {
    if (this.#isOver) return
    const wasSent = this.#abort !== undefined
    this.broken({ error: this.#aborted ?? error, wasSent, wasAnswered: this.status !== 0 })
    this.#end()
  }

  onComplete(): void {
    this.whole()
    this.#end()
  }

  /** Ends it at once. A request that has not gone out yet never will. */
  abort(reason: Error): void {
    this.#aborted = reason
    if (this.#abort === undefined) this.onError(reason)
    else this.#abort(reason)
  }

  abstract onData(bytes: Buffer, from: number, to: number): boolean
  protected abstract begun(lengthBytes: number | undefined, resume: () => void): void
  protected abstract whole(): void
  protected abstract broken(broken: Broken): void

  #end(): void {
    this.#isOver = true
    this.#over(this)
  }
}

/** An exchange whose answer is wanted whole. */
export class WholeExchange extends Exchange {
  readonly #done: (reply: Reply) => void
  readonly #failed: (broken: Broken) => void
  /** as long as the answer says, where it does */
  #body: Buffer = NOTHING
  #filled = 0
  /** what has come of a body of which nobody said how long it is */
  #pieces: Buffer[] | undefined

  constructor(over: (exchange: Exchange) => void, done: (reply: Reply) => void, failed: (broken: Broken) => void) {
    super(over)
    this.#done = done
    this.#failed = failed
  }

  protected override begun(lengthBytes: number | undefined): void {
    if (lengthBytes === undefined || lengthBytes > BELIEVED) this.#pieces = []
    else this.#body = Buffer.allocUnsafe(lengthBytes)
  }

  override onData(bytes: Buffer, from: number, to: number): boolean {
    if (this.#pieces !== undefined) this.#pieces.push(Buffer.from(bytes.subarray(from, to)))
    else this.#filled += bytes.copy(this.#body, this.#filled, from, to)
    return true
  }

  protected override whole(): void {
    const body = this.#pieces === undefined ? this.#body : Buffer.concat(this.#pieces)
    this.#done(new WholeReply(this.status, this.head, body))
  }

  protected override broken(broken: Broken): void {
    this.#failed(broken)
  }
}

const NOTHING = Buffer.alloc(0)
/** A length up to which room is made before anything has come. */
const BELIEVED = 1024 * 1024

/** The headers are read when they are asked for: most answers are told by their status and body. */
class WholeReply implements Reply {
  readonly status: number
  readonly body: Buffer
  readonly #head: string
  #headers: Headers | undefined

  constructor(status: number, head: string, body: Buffer) {
    this.status = status
    this.#head = head
    this.body = body
  }

  get headers(): Headers {
    this.#headers ??= headersIn(this.#head)
    return this.#headers
  }
}

/** An exchange whose answer is taken piece by piece. Holds what has come and was not taken yet: about one read. */
export class StreamExchange extends Exchange {
  readonly #begun: (streamed: Streamed) => void
  readonly #failed: (broken: Broken) => void
  readonly #chunks: Buffer[] = []
  #resume: () => void = () => {}
  #isComplete = false
  #broken: Broken | undefined
  #wake: (() => void) | undefined
  readonly #toError: (broken: Broken) => Error

  constructor(
    over: (exchange: Exchange) => void,
    begun: (streamed: Streamed) => void,
    failed: (broken: Broken) => void,
    toError: (broken: Broken) => Error,
  ) {
    super(over)
    this.#begun = begun
    this.#failed = failed
    this.#toError = toError
  }

  protected override begun(_: number | undefined, resume: () => void): void {
    this.#resume = resume
    this.#begun({ status: this.status, headers: headersIn(this.head), body: this.#body() })
  }

  override onData(bytes: Buffer, from: number, to: number): boolean {
    this.#chunks.push(Buffer.from(bytes.subarray(from, to)))
    this.#wake?.()
    return false
  }

  protected override whole(): void {
    this.#isComplete = true
    this.#wake?.()
  }

  protected override broken(broken: Broken): void {
    if (this.status === 0) this.#failed(broken)
    this.#broken = broken
    this.#wake?.()
  }

  async *#body(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const chunk = this.#chunks.shift()
        if (chunk !== undefined) {
          yield chunk
          if (this.#chunks.length === 0) this.#resume()
        } else if (this.#broken !== undefined) {
          throw this.#toError(this.#broken)
        } else if (this.#isComplete) {
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      if (!this.#isComplete && this.#broken === undefined) this.abort(new Error('not read to its end'))
    }
  }
}
