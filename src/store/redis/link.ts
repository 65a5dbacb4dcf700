/**
 * A way to one server that connects when it is needed, and anew after a connection was lost. Never sends a request twice.
 * What never reached the server is answered by a RekeyError, what did and got no answer by an `Unanswered`.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Answer, ConnectionSettings, ReadReply, Request } from './connection.ts'
import { Connection } from './connection.ts'
import type { RedisTarget } from './location.ts'

export class Link {
  readonly #target: RedisTarget
  readonly #settings: ConnectionSettings
  #connection: Promise<Connection> | undefined
  #identity: Promise<string> | undefined
  #waiting: Waiting[] = []

  constructor(target: RedisTarget, settings: ConnectionSettings) {
    this.#target = target
    this.#settings = settings
  }

  /** Another link to the same server, with a connection of its own. */
  twin(): Link {
    return new Link(this.#target, this.#settings)
  }

  /**
   * Names the database itself, so that one reached by two names is found out, and a replica, which is the same data: by
   * the replication id that they share, or by the address where the user may not ask for that.
   */
  identity(signal: AbortSignal): Promise<string> {
    this.#identity ??= this.#findIdentity(signal)
    return this.#identity
  }

  /** Connects, unless it is connected. Throws as `Connection.open` does. */
  async connect(): Promise<Connection> {
    const present = this.#connection
    if (present !== undefined) {
      const connection = await present
      if (connection.isOpen) return connection
      if (this.#connection !== present) return this.connect()
    }
    const opening = Connection.open(this.#target, this.#settings)
    this.#connection = opening
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = undefined
    })
    return opening
  }

  async #findIdentity(signal: AbortSignal): Promise<string> {
    const { host, port, database } = this.#target
    const [answer] = await this.send([['INFO', 'replication']], signal)
    const id = Buffer.isBuffer(answer) ? /^master_replid:(\w+)/m.exec(answer.toString('latin1'))?.[1] : undefined
    return `${id ?? `${host}:${port}`}/${database}`
  }

  /** Sends all requests in one go; one answer each, in order. Never throws. */
  async send(requests: readonly Request[], signal: AbortSignal, read?: ReadReply): Promise<readonly Answer[]> {
    if (requests.length === 0) return []
    if (signal.aborted)
      return requests.map(() => new RekeyError('E_CONNECTION', 'the run was ended before this was sent'))
    try {
      const connection = await this.connect()
      return await connection.send(requests, signal, read)
    } catch (thrown) {
      const error = toRekeyError(thrown)
      return requests.map(() => error)
    }
  }

  /** Sends requests together with those of the other calls of this turn. Never throws. */
  sendSoon(requests: readonly Request[], signal: AbortSignal): Promise<readonly Answer[]> {
    return new Promise((resolve) => {
      this.#waiting.push({ requests, resolve })
      if (this.#waiting.length === 1) setImmediate(() => void this.#flush(signal))
    })
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    this.#connection = undefined
    connection?.close()
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    const answers = await this.send(
      waiting.flatMap((one) => one.requests),
      signal,
    )
    let at = 0
    for (const { requests, resolve } of waiting) {
      resolve(answers.slice(at, at + requests.length))
      at += requests.length
    }
  }
}

interface Waiting {
  readonly requests: readonly Request[]
  readonly resolve: (answers: readonly Answer[]) => void
}
