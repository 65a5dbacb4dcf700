/**
 * One connection to one Redis server, by ioredis, with all that it does by itself switched off: it never connects anew,
 * never sends anything twice and never queues. When it is lost, every command still open is answered by an error, and
 * the connection is of no further use.
 */
import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { RekeyError } from '../../record/errors.ts'
import { Batch } from './batch.ts'
import { classify, connectionError } from './classify.ts'
import type { RedisTarget } from './location.ts'

export type Argument = string | Buffer
export type Request = readonly [command: string, ...args: readonly Argument[]]

/** What a server answers; a text is a Buffer, an absent value is null, an error inside a list is an Error. */
export type Reply = null | number | Buffer | Error | readonly Reply[]

/** The answer to one request: the reply, or why there is none. */
export type Answer = Reply | RekeyError

/** A request that was sent and that got no answer: the server may have carried it out. */
export class Unanswered extends RekeyError {}

export interface ConnectionSettings {
  /** how long connecting, or a batch of requests, may take */
  readonly timeoutMs: number
  /** a file with the certificates of the authorities to trust, PEM; the system's when absent */
  readonly caFile: string | undefined
}

const LONGEST_CONNECT_MS = 10_000

export class Connection {
  readonly #redis: Redis
  readonly #place: string
  readonly #timeoutMs: number
  #socketError: unknown
  #lostBecause: Unanswered | undefined

  private constructor(target: RedisTarget, { timeoutMs, caFile }: ConnectionSettings) {
    this.#place = `${target.host}:${target.port}`
    this.#timeoutMs = timeoutMs
    this.#redis = new Redis({
      host: target.host,
      port: target.port,
      ...(target.tls && { tls: tlsOptions(target.host, caFile) }),
      connectTimeout: Math.min(timeoutMs, LONGEST_CONNECT_MS),
      protocol: 2,
      lazyConnect: true,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      disableClientInfo: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    })
    this.#redis.on('error', (error) => {
      this.#socketError ??= error
    })
  }

  /** Connects and signs in. Throws E_CONNECTION, E_TIMEOUT, E_AUTH, E_DENIED, E_LOCATION. */
  static async open(target: RedisTarget, settings: ConnectionSettings): Promise<Connection> {
    const connection = new Connection(target, settings)
    try {
      await connection.#redis.connect()
    } catch (thrown) {
      throw connectionError(connection.#place, connection.#socketError ?? thrown)
    }
    try {
      await connection.#signIn(target)
    } catch (thrown) {
      connection.close()
      throw thrown
    }
    return connection
  }

  get isOpen(): boolean {
    return this.#redis.status === 'ready' && this.#lostBecause === undefined
  }

  /** Sends all requests in one go; one answer each, in order. Never throws. */
  async send(requests: readonly Request[], signal?: AbortSignal): Promise<Answer[]> {
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
      return await this.#write(requests)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
    }
  }

  close(): void {
    this.#redis.disconnect()
  }

  /** Puts the requests into the queue of ioredis, and their bytes to the socket in one write. */
  #write(requests: readonly Request[]): Promise<Answer[]> {
    const batch = new Batch(requests, (error, request) => this.#failure(error, request))
    const { stream } = this.#redis
    const sink = { isPipeline: true as const, destination: { redis: { stream } }, write: () => {} }
    for (const command of batch.commands()) this.#redis.sendCommand(command, sink)
    if (stream.writable) stream.write(batch.bytes())
    return batch.answers
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
      const isPing = requests[at]?.[0] === 'PING' && !(answer instanceof Unanswered) && answer.code !== 'E_AUTH'
      if (needless || isPing || answer.code === 'E_BUSY') continue
      throw answer instanceof Unanswered ? new RekeyError(answer.code, answer.message) : answer
    }
  }

  #failure(error: Error, [command, first]: Request): RekeyError {
    if (error.name === 'ReplyError') return classify(error.message, nameOf(command, first))
    if (this.#lostBecause !== undefined) return this.#lostBecause
    if (/isn't writeable/.test(error.message)) return connectionError(this.#place, this.#socketError ?? error)
    const { code, message } = connectionError(this.#place, this.#socketError ?? CLOSED)
    return new Unanswered(code, message)
  }

  #drop(code: 'E_TIMEOUT' | 'E_CONNECTION', message: string): void {
    this.#lostBecause ??= new Unanswered(code, `${this.#place}: ${message}`)
    this.#redis.disconnect()
    this.#redis.stream?.destroy()
  }
}

const CLOSED = Object.assign(new Error('the connection was closed'), { code: '' })

/** Container commands by both words, as an ACL names them. */
function nameOf(command: string, first: Argument | undefined): string {
  return /^(?:XINFO|CLUSTER|SCRIPT|OBJECT|CLIENT)$/i.test(command) ? `${command}|${String(first)}` : command
}

function tlsOptions(host: string, caFile: string | undefined) {
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host }
  if (caFile === undefined) return servername
  try {
    return { ...servername, ca: readFileSync(caFile) }
  } catch (thrown) {
    throw new RekeyError('E_USAGE', `REDIS_CA_FILE: ${(thrown as Error).message}`)
  }
}
