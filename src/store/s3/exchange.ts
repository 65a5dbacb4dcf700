/** One request on the wire, from its dispatch to its answer: the handler that undici calls, with no stream between. */
import type { Handler } from 'undici/lib/dispatcher/pool.js'
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
  protected raw: readonly Buffer[] = []
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

  onHeaders(status: number, headers: readonly Buffer[], resume: () => void): boolean {
    if (status < 200) return true
    this.status = status
    this.raw = headers
    return this.begun(resume)
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

  abstract onData(chunk: Buffer): boolean
  protected abstract begun(resume: () => void): boolean
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
  #body: Buffer | undefined
  #more: Buffer[] | undefined

  constructor(over: (exchange: Exchange) => void, done: (reply: Reply) => void, failed: (broken: Broken) => void) {
    super(over)
    this.#done = done
    this.#failed = failed
  }

  override onData(chunk: Buffer): boolean {
    if (this.#body === undefined) {
      this.#body = chunk
    } else {
      this.#more ??= [this.#body]
      this.#more.push(chunk)
    }
    return true
  }

  protected override whole(): void {
    const body = this.#more === undefined ? (this.#body ?? NOTHING) : Buffer.concat(this.#more)
    this.#done(new WholeReply(this.status, this.raw, body))
  }

  protected override begun(): boolean {
    return true
  }

  protected override broken(broken: Broken): void {
    this.#failed(broken)
  }
}

const NOTHING = Buffer.alloc(0)

/** The headers are read when they are asked for: most answers are told by their status and body. */
class WholeReply implements Reply {
  readonly status: number
  readonly body: Buffer
  #raw: readonly Buffer[]
  #headers: Headers | undefined

  constructor(status: number, raw: readonly Buffer[], body: Buffer) {
    this.status = status
    this.#raw = raw
    this.body = body
  }

  get headers(): Headers {
    this.#headers ??= headersOf(this.#raw)
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

  protected override begun(resume: () => void): boolean {
    this.#resume = resume
    this.#begun({ status: this.status, headers: headersOf(this.raw), body: this.#body() })
    return true
  }

  override onData(chunk: Buffer): boolean {
    // A parser that was paused goes on with a body of no bytes: paused again, it would never read more.
    if (chunk.length === 0) return true
    this.#chunks.push(chunk)
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

/** By names in lower case; of a header that comes twice, the last. */
export function headersOf(raw: readonly Buffer[]): Headers {
  const headers: Record<string, string> = Object.create(null)
  for (let at = 0; at + 1 < raw.length; at += 2) {
    headers[(raw[at] as Buffer).toString('latin1').toLowerCase()] = (raw[at + 1] as Buffer).toString('latin1')
  }
  return headers
}
