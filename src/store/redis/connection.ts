/**
 * One connection to one Redis server. It never connects anew, never sends anything twice and never queues. When it is
 * lost, every request still open is answered by an error, and the connection is of no further use.
 */
import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { RekeyError } from '../../record/errors.ts'
import { Batch } from './batch.ts'
import { classify, connectionError } from './classify.ts'
import type { RedisTarget } from './location.ts'
import { isError, ReplyCutter, ReplyReader, RequestWriter } from './resp.ts'
import { openSocket } from './socket.ts'

export type Argument = string | Buffer
export type Request = readonly [command: string, ...args: readonly Argument[]]

/** What a server answers; a text is a Buffer, an absent value is null, an error inside a list is an Error. */
export type Reply = null | number | Buffer | Error | readonly Reply[]

/** The answer to one request: the reply, or why there is none. */
export type Answer = Reply | RekeyError

/** Makes the answer to the nth request of the whole reply, which stands from `start` to `end`; what it keeps of it is a view. */
export type ReadReply = (bytes: Buffer, start: number, end: number, nth: number) => Answer

/** A request that was sent and that got no answer: the server may have carried it out. */
export class Unanswered extends RekeyError {}

export interface ConnectionSettings {
  /** how long connecting, or a batch of requests, may take */
  readonly timeoutMs: number
  /** a file with the certificates of the authorities to trust, PEM; the system's when absent */
  readonly caFile: string | undefined
}

export class Connection {
  readonly #socket: Socket
  readonly #isEncrypted: boolean
  readonly #place: string
  readonly #timeoutMs: number
  readonly #writer = new RequestWriter()
  readonly #cutter = new ReplyCutter()
  readonly #reader = new ReplyReader()
  readonly #readReply: ReadReply = (bytes, start) => this.#reader.read(bytes, start)
  /** what was sent and has no answer, the oldest first */
  readonly #open: Batch[] = []
  #socketError: unknown
  #lostBecause: Unanswered | undefined

  private constructor(socket: Socket, place: string, timeoutMs: number) {
    this.#socket = socket
    this.#isEncrypted = socket instanceof TLSSocket
    this.#place = place
    this.#timeoutMs = timeoutMs
    socket.on('data', (bytes: Buffer) => this.#takeIn(bytes))
    socket.on('error', (error) => {
      this.#socketError ??= error
    })
    socket.on('close', () => this.#endOpen())
  }

  /** Connects and signs in. Throws E_CONNECTION, E_TIMEOUT, E_AUTH, E_DENIED, E_LOCATION. */
  static async open(target: RedisTarget, { timeoutMs, caFile }: ConnectionSettings): Promise<Connection> {
    const place = `${target.host}:${target.port}`
    let socket: Socket
    try {
      socket = await openSocket(target, timeoutMs, caFile)
    } catch (thrown) {
      throw thrown instanceof RekeyError ? thrown : connectionError(place, thrown)
    }
    const connection = new Connection(socket, place, timeoutMs)
    try {
      await connection.#signIn(target)
    } catch (thrown) {
      connection.close()
      throw thrown
    }
    return connection
  }

  get isOpen(): boolean {
    return this.#socket.writable && this.#lostBecause === undefined
  }

  /** Sends all requests in one go; one answer each, in order: errors, and what `read` makes of other replies. Never throws. */
  async send(requests: readonly Request[], signal?: AbortSignal, read = this.#readReply): Promise<Answer[]> {
    if (requests.length === 0) return []
    if (!this.isOpen) {
      const error = connectionError(this.#place, this.#socketError ?? CLOSED)
      return requests.map(() => error)
    }
    const timer = setTimeout(() => this.#drop('E_TIMEOUT', `no answer in ${this.#timeoutMs} ms`), this.#timeoutMs)
    const abort = () => this.#drop('E_CONNECTION', 'the run was ended before the answer came')
    // As many as there are batches in flight, on any number of servers: that is no leak, and must not be warned of.
    if (signal !== undefined) setMaxListeners(0, signal)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await this.#write(new Batch(requests, read))
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  close(): void {
    this.#socket.end(() => this.#socket.destroy())
  }

  #write(batch: Batch): Promise<Answer[]> {
    this.#open.push(batch)
    this.#socket.write(this.#writer.write(batch.requests))
    if (this.#socket.writableLength > 0 || this.#isEncrypted) this.#writer.letGo()
    return batch.answers
  }

  #takeIn(bytes: Buffer): void {
    try {
      this.#cutter.push(bytes, (whole, start, end) => this.#take(whole, start, end))
    } catch (thrown) {
      this.#drop('E_CONNECTION', (thrown as Error).message)
    }
  }

  #take(bytes: Buffer, start: number, end: number): void {
    const [batch] = this.#open
    if (batch === undefined) return
    const answer = isError(bytes, start)
      ? this.#errorOf(bytes, start, batch.next)
      : batch.read(bytes, start, end, batch.at)
    if (batch.take(answer)) this.#open.shift()
  }

  #errorOf(bytes: Buffer, start: number, request: Request): RekeyError {
    return classify((this.#reader.read(bytes, start) as Error).message, nameOf(request))
  }

  /** The connection is gone: nobody can know what became of what was sent. */
  #endOpen(): void {
    const { code, message } = connectionError(this.#place, this.#socketError ?? CLOSED)
    for (const batch of this.#open.splice(0)) batch.fail(this.#lostBecause ?? new Unanswered(code, message))
  }

  async #signIn({ username, password, database }: RedisTarget): Promise<void> {
    const requests: Request[] = []
    if (username !== undefined) requests.push(['AUTH', username, password ?? ''])
    else if (password !== undefined) requests.push(['AUTH', password])
    if (database !== 0) requests.push(['SELECT', String(database)])
    requests.push(['PING'])
    const answers = await this.send(requests)
    for (const [at, answer] of answers.entries()) {
      if (!(answer instanceof RekeyError)) continue
      const needless = /without any password configured/.test(answer.message)
      // PING only shows that somebody answers and lets us in; what else is wrong the calls will say.
      // Not so for SELECT, which a server refuses while it runs a script: the calls would go to database 0.
      const isPing = requests[at]?.[0] === 'PING' && !(answer instanceof Unanswered) && answer.code !== 'E_AUTH'
      if (needless || isPing) continue
      throw answer instanceof Unanswered ? new RekeyError(answer.code, answer.message) : answer
    }
  }

  #drop(code: 'E_TIMEOUT' | 'E_CONNECTION', message: string): void {
    this.#lostBecause ??= new Unanswered(code, `${this.#place}: ${message}`)
    this.#socket.destroy()
  }
}

const CLOSED = Object.assign(new Error('the connection was closed'), { code: '' })

/** Container commands by both words, as an ACL names them. */
function nameOf([command, first]: Request): string {
  return /^(?:XINFO|CLUSTER|SCRIPT|OBJECT|CLIENT)$/i.test(command) ? `${command}|${String(first)}` : command
}
