/**
 * One connection to a server, for one request at a time. It reads into a buffer that all connections share, so that bodies
 * are lent, not given. When anything goes wrong the connection is gone, and the request it was for is told.
 */

import type { Socket } from 'node:net'
import { connect, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ReplyHead } from './http-head.ts'
import { requestHead } from './http-head.ts'
import type { ReplyEvents } from './http-reply.ts'
import { ReplyReader } from './http-reply.ts'

export interface HttpRequest {
  readonly method: string
  /** encoded, with its query; `checkPath` has seen what of it could be anything else */
  readonly path: string
  /** the lines of its headers, each with its end; `checkHeader` has seen them */
  readonly lines: string
  readonly body: Uint8Array | string | undefined
}

/** Whom a request is for. Ends with one of `onComplete` and `onError`. */
export interface Handler {
  /** nobody waits for it any more: it is not to be sent */
  readonly isOver: boolean
  /** just before it is written */
  onConnect(abort: (reason: Error) => void): void
  onHeaders(status: number, head: string, lengthBytes: number | undefined, resume: () => void): void
  /** what stands from one place to another and is only lent until this returns; false asks for no more until `resume` */
  onData(bytes: Buffer, from: number, to: number): boolean
  onComplete(): void
  onError(error: Error): void
}

/** What connections to one server have in common. */
export interface HttpServer {
  readonly host: string
  readonly port: number
  readonly isTls: boolean
  /** how long may pass until it is connected, and without a byte sent or received until an answer is whole */
  readonly timeoutMs: number
  /** by which the next connection is made at less cost */
  session: Buffer | undefined
  isFree(connection: HttpConnection): void
  isGone(connection: HttpConnection): void
}

/** So long a connection is kept where the server does not say. */
const KEPT_MS = 4000
/** So much sooner than the server a connection is closed, so that no request meets its end on the way. */
const SOONER_MS = 1000

/** How much of a body is given to the socket at once. */
const PIECE = 256 * 1024

/** Reading is done in the moment it is told of, so that one buffer serves all. */
const SHARED = Buffer.allocUnsafe(64 * 1024)

export class HttpConnection implements ReplyEvents {
  readonly #server: HttpServer
  readonly #socket: Socket
  readonly #reader = new ReplyReader(this)
  #handler: Handler | undefined
  #isGone = false
  #isPaused = false
  /** of the request's body something has not left yet */
  #isSending = false
  #keptMs = KEPT_MS
  /** when it has waited too long for what it waits for, by `performance.now()` */
  #untilMs: number
  /** when something was last read */
  #readMs = 0
  /** what that was when it was first seen to have passed */
  #lateMs = -1
  /** the request is not sent yet */
  #first: HttpRequest | undefined

  /** Connects, and sends the request then. */
  constructor(server: HttpServer, first: HttpRequest, handler: Handler) {
    this.#server = server
    this.#first = first
    this.#handler = handler
    this.#untilMs = performance.now() + server.timeoutMs
    this.#socket = openSocket(server, (count, buffer) => this.#read(count, buffer))
    this.#socket
      .on(server.isTls ? 'secureConnect' : 'connect', () => this.#begin())
      .on('session', (session: Buffer) => {
        server.session = session
      })
      .on('error', (error) => this.end(error))
      .on('end', () => this.#isGone || this.#reader.close() || this.end(closed()))
      .on('close', () => this.end(closed()))
  }

  send(request: HttpRequest, handler: Handler, nowMs = performance.now()): void {
    this.#handler = handler
    try {
      const { body } = request
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      const head = requestHead(request.method, request.path, request.lines, bytes?.length ?? 0)
      handler.onConnect(this.#abort)
      if (this.#isGone) return
      this.#untilMs = nowMs + this.#server.timeoutMs
      this.#reader.begin(request.method)
      if (bytes === undefined || bytes.length === 0) return void this.#socket.write(head, 'latin1')
      this.#socket.cork()
      this.#socket.write(head, 'latin1')
      this.#isSending = true
      this.#sendBody(bytes, 0, handler)
      this.#socket.uncork()
    } catch (thrown) {
      this.end(thrown as Error)
    }
  }

  /** Ends it where it has waited too long, for an answer or for a request. */
  check(nowMs: number): void {
    if (nowMs < this.#untilMs || this.#isPaused) return
    // Where it was this process that stood still, what has come is yet to be read: the next time is soon enough.
    const isSecond = this.#lateMs === this.#untilMs
    this.#lateMs = this.#untilMs
    if (!isSecond) return
    this.end(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }))
  }

  /** Whether it had better not be used again, for one that is free. */
  isStale(nowMs: number): boolean {
    return this.#isGone || nowMs >= this.#untilMs
  }

  /** Ends it at once, and the request that it is for. */
  end(error: Error): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#socket.destroy()
    this.#server.isGone(this)
    const handler = this.#handler
    this.#handler = undefined
    handler?.onError(error)
  }

  onHead({ status, lengthBytes, keptMs }: ReplyHead, text: string): void {
    this.#keptMs = keptMs === undefined ? KEPT_MS : Math.max(0, keptMs - SOONER_MS)
    this.#handler?.onHeaders(status, text, lengthBytes, this.#resume)
  }

  onBody(bytes: Buffer, from: number, to: number): void {
    if (this.#handler?.onData(bytes, from, to) === false) this.#isPaused = true
  }

  onEnd(isKept: boolean): void {
    const handler = this.#handler
    this.#handler = undefined
    this.#isPaused = false
    // A server that has refused a body before all of it was sent may never read the rest, nor what stands behind it.
    if (isKept && !this.#isSending && !this.#isGone) {
      this.#untilMs = this.#readMs + this.#keptMs
      this.#server.isFree(this)
    } else this.end(closed())
    handler?.onComplete()
  }

  #begin(): void {
    const handler = this.#handler as Handler
    const request = this.#first as HttpRequest
    this.#first = undefined
    if (handler.isOver) {
      this.#handler = undefined
      this.#untilMs = performance.now() + KEPT_MS
      this.#server.isFree(this)
    } else this.send(request, handler)
  }

  /** A piece at a time: as long as they leave, the server takes its time and nothing is late. */
  #sendBody(bytes: Uint8Array, from: number, handler: Handler): void {
    const to = Math.min(bytes.length, from + PIECE)
    this.#socket.write(bytes.subarray(from, to), () => {
      if (this.#handler !== handler) return
      this.#untilMs = performance.now() + this.#server.timeoutMs
      if (to < bytes.length) this.#sendBody(bytes, to, handler)
      else this.#isSending = false
    })
  }

  #read(count: number, buffer: Uint8Array): boolean {
    if (this.#isGone) return false
    this.#readMs = performance.now()
    this.#untilMs = this.#readMs + this.#server.timeoutMs
    try {
      this.#reader.read(buffer as Buffer, count)
    } catch (thrown) {
      this.end(thrown as Error)
    }
    return !this.#isPaused
  }

  readonly #abort = (reason: Error) => this.end(reason)

  readonly #resume = () => {
    if (!this.#isPaused || this.#isGone) return
    this.#isPaused = false
    this.#untilMs = performance.now() + this.#server.timeoutMs
    this.#socket.resume()
  }
}

function openSocket(
  { host, port, isTls, session }: HttpServer,
  callback: (count: number, buffer: Uint8Array) => boolean,
): Socket {
  const options = {
    host,
    port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    onread: { buffer: SHARED, callback },
  }
  if (!isTls) return connect(options)
  const name = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ ...options, ...name, ALPNProtocols: ['http/1.1'], ...(session !== undefined && { session }) })
}

function closed(): Error {
  return Object.assign(new Error('the server has closed the connection'), { code: 'ECONNRESET' })
}
