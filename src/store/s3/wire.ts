/** The connections to where a bucket is: each request is signed and goes out, whatever comes of it. */
import { hash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { ENDED } from './broken.ts'
import type { Credentials, Identity } from './credentials.ts'
import type { Broken, Exchange } from './exchange.ts'
import type { HttpRequest } from './http-connection.ts'
import { checkPath } from './http-head.ts'
import { HttpPool } from './http-pool.ts'
import { encodeKey } from './keys.ts'
import type { Request } from './request.ts'
import { EMPTY_HASH, Signer, UNSIGNED } from './sign.ts'
import type { Target } from './target.ts'

export interface WireSettings {
  readonly identity: Identity
  readonly timeoutMs: number
  /** the requester pays for requests and transfer; said with every request */
  readonly requesterPays?: boolean
}

/** Makes the exchange that an answer comes by. */
export type Opening<Answer> = (
  over: (exchange: Exchange) => void,
  done: (answer: Answer) => void,
  failed: (broken: Broken) => void,
) => Exchange

/** What is to end when a signal is aborted. */
interface UnderWay {
  readonly exchanges: Set<Exchange>
  /** takes one out that has ended */
  readonly over: (exchange: Exchange) => void
}

const MOST_CONNECTIONS = 512

export class Wire {
  readonly #settings: WireSettings
  /** the server's time, in milliseconds since 1970, as far as is known */
  readonly #now: () => number
  #target: Target
  #signer: Signer
  #pool: HttpPool
  readonly #retired: HttpPool[] = []
  readonly #underWay = new WeakMap<AbortSignal, UnderWay>()

  constructor(target: Target, settings: WireSettings, now: () => number) {
    this.#settings = settings
    this.#now = now
    checkPath(target.basePath || '/')
    this.#target = target
    this.#signer = new Signer(target.region, target.host)
    this.#pool = openPool(target, settings.timeoutMs)
  }

  get target(): Target {
    return this.#target
  }

  /** What is asked from now on is asked there. */
  moveTo(target: Target): void {
    checkPath(target.basePath || '/')
    if (target.origin !== this.#target.origin) {
      // What is under way there is to be finished.
      this.#retired.push(this.#pool)
      this.#pool = openPool(target, this.#settings.timeoutMs)
    }
    this.#target = target
    this.#signer = new Signer(target.region, target.host)
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#pool, ...this.#retired].map((pool) => pool.destroy()))
  }

  /** Resolves also when no answer comes; rejects when no credentials can be had and for a header that HTTP has no place for. */
  dispatch<Answer>(request: Request, signal: AbortSignal, open: Opening<Answer>): Promise<Answer | Broken> {
    const credentials = this.#settings.identity.current()
    return credentials instanceof Promise
      ? credentials.then((renewed) => this.#begin(request, signal, renewed, open))
      : this.#begin(request, signal, credentials, open)
  }

  #begin<Answer>(
    request: Request,
    signal: AbortSignal,
    credentials: Credentials,
    open: Opening<Answer>,
  ): Promise<Answer | Broken> {
    if (signal.aborted) return Promise.resolve({ error: ENDED, wasSent: false, wasAnswered: false })
    return new Promise<Answer | Broken>((resolve) => {
      const { exchanges, over } = this.#underWayOf(signal)
      const signed = this.#sign(request, credentials)
      const exchange = open(over, resolve, resolve)
      exchanges.add(exchange)
      this.#pool.dispatch(signed, exchange)
    })
  }

  #sign({ method, key, query = '', headers, body }: Request, credentials: Credentials): HttpRequest {
    const { basePath } = this.#target
    const path = key === undefined ? basePath || '/' : `${basePath}/${encodeKey(key)}`
    const payloadHash = this.#payloadHash(body)
    const lines = this.#signer.sign(
      { method, path, query, headers: this.#withPayer(headers), payloadHash },
      credentials,
      this.#now(),
    )
    if (query === '') return { method, path, lines, body }
    checkPath(`/?${query}`)
    return { method, path: `${path}?${query}`, lines, body }
  }

  #withPayer(headers: Request['headers']): Request['headers'] {
    return this.#settings.requesterPays === true ? { ...headers, 'x-amz-request-payer': 'requester' } : headers
  }

  #payloadHash(body: Uint8Array | string | undefined): string {
    if (body === undefined || body.length === 0) return EMPTY_HASH
    return this.#target.origin.startsWith('https:') ? UNSIGNED : hash('sha256', body)
  }

  /** One listener a signal, however many requests there are. */
  #underWayOf(signal: AbortSignal): UnderWay {
    const known = this.#underWay.get(signal)
    if (known !== undefined) return known
    const exchanges = new Set<Exchange>()
    const underWay = { exchanges, over: (exchange: Exchange) => void exchanges.delete(exchange) }
    this.#underWay.set(signal, underWay)
    setMaxListeners(0, signal)
    signal.addEventListener(
      'abort',
      () => {
        for (const exchange of exchanges) exchange.abort(ENDED)
        this.#underWay.delete(signal)
      },
      { once: true },
    )
    return underWay
  }
}

function openPool({ origin }: Target, timeoutMs: number): HttpPool {
  return new HttpPool(origin, timeoutMs, MOST_CONNECTIONS)
}
