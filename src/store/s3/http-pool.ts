/**
 * Connections to one server, and the requests that wait for one. A client of our own, because on the way of every copy a
 * general one costs more than all the rest of it; what it leaves out is what S3 does not need: pipelining, upgrades,
 * proxies, encodings other than chunked. Never sends a request twice.
 */
import type { Handler, HttpRequest, HttpServer } from './http-connection.ts'
import { HttpConnection } from './http-connection.ts'

export class HttpPool {
  readonly #server: HttpServer
  readonly #most: number
  readonly #connections = new Set<HttpConnection>()
  /** the one that has rested longest in front; it is the next to be used, so that all rest as long as may be */
  readonly #idle: HttpConnection[] = []
  /** those that have been used in this turn of the event loop, and in the last one; see `#free` */
  #used: HttpConnection[] = []
  #resting: HttpConnection[] = []
  readonly #waiting: Array<readonly [HttpRequest, Handler]> = []
  #clock: NodeJS.Timeout | undefined
  #isClosed = false

  /** `origin` as of a URL; `most` connections at once. */
  constructor(origin: string, timeoutMs: number, most: number) {
    const { protocol, hostname, port } = new URL(origin)
    const isTls = protocol === 'https:'
    this.#most = most
    this.#server = {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || (isTls ? 443 : 80)),
      isTls,
      timeoutMs,
      session: undefined,
      isFree: (connection) => this.#free(connection),
      isGone: (connection) => this.#gone(connection),
    }
  }

  /** Sends it as soon as a connection is free. `handler` hears of everything, and nothing is thrown. */
  dispatch(request: HttpRequest, handler: Handler): void {
    const idle = this.#takeIdle()
    if (this.#isClosed) handler.onError(new Error('the store is closed'))
    else if (idle !== undefined) idle.send(request, handler)
    else if (this.#isWorthOpening()) this.#open(request, handler)
    else this.#waiting.push([request, handler])
  }

  /** Ends what is under way. */
  async destroy(): Promise<void> {
    this.#isClosed = true
    const error = new Error('the store is closed')
    for (const [, handler] of this.#waiting.splice(0)) handler.onError(error)
    for (const connection of [...this.#connections]) connection.end(error)
  }

  #open(request: HttpRequest, handler: Handler): void {
    this.#connections.add(new HttpConnection(this.#server, request, handler))
    if (this.#clock !== undefined) return
    // One clock for all, so that no request has timers of its own.
    this.#clock = setInterval(() => this.#check(), Math.max(10, Math.min(1000, this.#server.timeoutMs / 10)))
    this.#clock.unref()
  }

  /** Where there are many connections, it is sooner that one of them has rested than that a new one is open. */
  #isWorthOpening(): boolean {
    const { size } = this.#connections
    const soon = this.#used.length + this.#resting.length - this.#waiting.length
    return size < FEW || (soon <= 0 && size < this.#most)
  }

  #takeIdle(): HttpConnection | undefined {
    const nowMs = this.#idle.length === 0 ? 0 : performance.now()
    for (;;) {
      const idle = this.#idle.shift()
      if (idle === undefined || !idle.isStale(nowMs)) return idle
      idle.end(STALE)
    }
  }

  /**
   * A server may close a connection behind an answer and not say so. Until what has come has been read once more, nothing
   * is sent on it: it would be lost.
   */
  #free(connection: HttpConnection): void {
    if (this.#used.push(connection) === 1 && this.#resting.length === 0) setImmediate(this.#turn)
  }

  /** Comes behind each look at all sockets, as long as a connection rests. */
  readonly #turn = () => {
    const rested = this.#resting
    this.#resting = this.#used
    this.#used = []
    if (this.#resting.length > 0) setImmediate(this.#turn)
    const nowMs = performance.now()
    for (const connection of rested) {
      if (connection.isStale(nowMs)) connection.end(STALE)
      else this.#use(connection, nowMs)
    }
    // What waited for one that is gone by now.
    for (const [request, handler] of this.#waiting.splice(0)) this.dispatch(request, handler)
  }

  #use(connection: HttpConnection, nowMs: number): void {
    let next = this.#waiting.shift()
    while (next?.[1].isOver) next = this.#waiting.shift()
    if (next === undefined) this.#idle.push(connection)
    else connection.send(next[0], next[1], nowMs)
  }

  #gone(connection: HttpConnection): void {
    this.#connections.delete(connection)
    if (this.#connections.size === 0) {
      clearInterval(this.#clock)
      this.#clock = undefined
    }
    const next = this.#waiting.shift()
    if (next !== undefined) this.dispatch(...next)
  }

  #check(): void {
    const nowMs = performance.now()
    for (const connection of [...this.#connections]) connection.check(nowMs)
  }
}

/** So many connections are opened rather than that a request waits. */
export const FEW = 16
const STALE = new Error('nothing was asked for too long')
