/**
 * One bucket through one endpoint: signed requests, each taking its turn at the gate. What the server has refused
 * because it was asked in the wrong place, at the wrong time or with credentials that have ended is put right and
 * asked again here; any other answer is the caller's to judge, and any other failure `wrap/retry`'s to try again.
 */
import { hash } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { RekeyError } from '../../record/errors.ts'
import { asksForLess } from './classify.ts'
import { Correction } from './correction.ts'
import type { Credentials, Identity } from './credentials.ts'
import type { Broken, Exchange } from './exchange.ts'
import { StreamExchange, WholeExchange } from './exchange.ts'
import type { Gate } from './gate.ts'
import { HttpPool } from './http-pool.ts'
import { encodeKey } from './keys.ts'
import { Pace } from './pace.ts'
import { EMPTY_HASH, Signer, UNSIGNED } from './sign.ts'
import type { Target } from './target.ts'

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** absent for the bucket itself */
  readonly key?: string
  /** encoded and sorted by names, without '?' */
  readonly query?: string
  /** by names in lower case; all are signed */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array | string
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

export interface Streamed {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  /** To be read to its end or given up by `return`. Throws E_CONNECTION or E_TIMEOUT when the rest does not come. */
  readonly body: AsyncIterable<Uint8Array>
}

export interface BucketSettings {
  readonly name: string
  /** where the bucket is, as far as is known */
  readonly target: Target
  /** where it is if it is in this region; the same target for a server that is the only one */
  targetIn(region: string): Promise<Target>
  readonly identity: Identity
  readonly timeoutMs: number
  /** the requester pays for requests and transfer; said with every request */
  readonly requesterPays?: boolean
  readonly gate: Gate
  /** milliseconds since 1970 */
  now(): number
}

/** Makes the exchange that an answer comes by. */
type Opening<Answer> = (
  over: (exchange: Exchange) => void,
  done: (answer: Answer) => void,
  failed: (broken: Broken) => void,
) => Exchange

/** How often a request that was refused for its place, time or credentials is put right. */
const CORRECTIONS = 3

export class Bucket {
  readonly name: string
  /** `s3://name` */
  readonly location: string
  /** the URL under which its keys are: the same for every way to name it in one run */
  readonly place: string
  readonly gate: Gate
  readonly #settings: BucketSettings
  readonly #pace: Pace
  readonly #correction: Correction
  #target: Target
  #signer: Signer
  #pool: HttpPool
  readonly #retired: HttpPool[] = []
  /** what is to end when a signal is aborted */
  readonly #underWay = new WeakMap<AbortSignal, Set<Exchange>>()

  constructor(settings: BucketSettings) {
    this.name = settings.name
    this.location = `s3://${settings.name}`
    this.place = settings.target.origin + settings.target.basePath
    this.gate = settings.gate
    this.#settings = settings
    this.#pace = new Pace(settings.gate)
    this.#correction = new Correction(settings)
    this.#target = settings.target
    this.#signer = new Signer(settings.target.region)
    this.#pool = openPool(settings.target, settings.timeoutMs)
  }

  /**
   * Resolves with the answer, whatever its status. Rejects with a RekeyError: E_CONNECTION or E_TIMEOUT when the request
   * surely had no effect (it was not sent, or it only reads), E_UNANSWERED when it was sent and no whole answer came.
   */
  async send(request: Request, signal: AbortSignal): Promise<Reply> {
    const turn = this.gate.enter()
    if (turn !== undefined) await turn
    try {
      for (let refused = 0, lost = 0; ; ) {
        const started = this.#settings.now()
        const answer = await this.#whole(request, signal)
        if (!('status' in answer)) {
          // A connection that the server had closed while it was idle. What only reads may be asked once more.
          const again = isRead(request) && isClosed(answer) && !answer.wasAnswered && !signal.aborted
          if (lost++ === 0 && again) continue
          throw this.#failure(request, answer)
        }
        this.#pace.answered(request, this.#settings.now() - started, asksForLess(answer))
        if (answer.status < 300 || refused++ >= CORRECTIONS || !(await this.#putRight(answer))) return answer
      }
    } finally {
      this.gate.leave()
    }
  }

  /**
   * As `send`, but the body is taken piece by piece. The request leaves the gate with the answer's head: two bodies that
   * are read side by side, to be compared, would wait for each other's places.
   */
  async stream(request: Request, signal: AbortSignal): Promise<Streamed> {
    const turn = this.gate.enter()
    if (turn !== undefined) await turn
    try {
      for (let tries = 1; ; tries++) {
        const started = this.#settings.now()
        const streamed = await this.#streamed(request, signal)
        this.#pace.answered(request, this.#settings.now() - started, asksForLess({ ...streamed, body: NOTHING }))
        if (streamed.status >= 300) {
          const reply = await whole(streamed)
          if (tries <= CORRECTIONS && (await this.#putRight(reply))) continue
          return { ...streamed, body: once(reply.body) }
        }
        return streamed
      }
    } finally {
      this.gate.leave()
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await Promise.all([this.#pool, ...this.#retired].map((pool) => pool.destroy()))
  }

  #whole(request: Request, signal: AbortSignal): Promise<Reply | Broken> {
    return this.#dispatch<Reply>(request, signal, (over, done, failed) => new WholeExchange(over, done, failed))
  }

  async #streamed(request: Request, signal: AbortSignal): Promise<Streamed> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#dispatch<Streamed>(request, signal, (ended, done, failed) => {
        return new StreamExchange(ended, done, failed, (broken) => this.#failure(request, broken))
      })
      if ('status' in answer) return answer
      if (tries === 1 && isRead(request) && isClosed(answer) && !signal.aborted) continue
      throw this.#failure(request, answer)
    }
  }

  #dispatch<Answer>(request: Request, signal: AbortSignal, open: Opening<Answer>): Promise<Answer | Broken> {
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
    const exchanges = this.#exchangesOf(signal)
    return new Promise<Answer | Broken>((resolve) => {
      const exchange = open((one) => exchanges.delete(one), resolve, resolve)
      exchanges.add(exchange)
      this.#write(request, credentials, exchange)
    })
  }

  #write({ method, key, query, headers, body }: Request, credentials: Credentials, exchange: Exchange): void {
    const { basePath, host } = this.#target
    const path = key === undefined ? basePath || '/' : `${basePath}/${encodeKey(key)}`
    const signed = this.#signer.sign(
      {
        method,
        host,
        path,
        query: query ?? '',
        headers: this.#withPayer(headers),
        payloadHash: this.#payloadHash(body),
      },
      credentials,
      this.#settings.now() + this.#correction.clockOffsetMs,
    )
    this.#pool.dispatch(
      {
        method,
        path: query === undefined || query === '' ? path : `${path}?${query}`,
        headers: signed,
        body,
      },
      exchange,
    )
  }

  #withPayer(headers: Request['headers']): Request['headers'] {
    return this.#settings.requesterPays === true ? { ...headers, 'x-amz-request-payer': 'requester' } : headers
  }

  #payloadHash(body: Uint8Array | string | undefined): string {
    if (body === undefined || body.length === 0) return EMPTY_HASH
    return this.#target.origin.startsWith('https:') ? UNSIGNED : hash('sha256', body)
  }

  /** Whether the cause of a refusal has been put right, so that the request is worth sending again. */
  async #putRight(reply: Reply): Promise<boolean> {
    const before = this.#target
    const target = await this.#correction.of(reply, before)
    if (target === undefined) return false
    if (target !== before && this.#target === before) this.#moveTo(target)
    return true
  }

  #moveTo(target: Target): void {
    if (target.origin !== this.#target.origin) {
      // What is under way there is to be finished.
      this.#retired.push(this.#pool)
      this.#pool = openPool(target, this.#settings.timeoutMs)
    }
    this.#target = target
    this.#signer = new Signer(target.region)
  }

  #failure(request: Request, { error, wasSent, wasAnswered }: Broken): RekeyError {
    const isTimeout = (error as NodeJS.ErrnoException).code === 'ETIMEDOUT'
    if (isTimeout) this.#pace.timedOut()
    const what = `${this.location}: ${wordsOf(error, this.#settings.timeoutMs)}`
    if (wasSent && !isRead(request)) return new RekeyError('E_UNANSWERED', what, { cause: error })
    const cut = wasAnswered && !isTimeout ? ', while the answer came' : ''
    return new RekeyError(isTimeout ? 'E_TIMEOUT' : 'E_CONNECTION', `${what}${cut}`, { cause: error })
  }

  /** One listener a signal, however many requests there are. */
  #exchangesOf(signal: AbortSignal): Set<Exchange> {
    const known = this.#underWay.get(signal)
    if (known !== undefined) return known
    const exchanges = new Set<Exchange>()
    this.#underWay.set(signal, exchanges)
    setMaxListeners(0, signal)
    signal.addEventListener(
      'abort',
      () => {
        for (const exchange of exchanges) exchange.abort(ENDED)
        this.#underWay.delete(signal)
      },
      { once: true },
    )
    return exchanges
  }
}

async function whole({ status, headers, body }: Streamed): Promise<Reply> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { status, headers, body: Buffer.concat(chunks) }
}

async function* once(body: Buffer): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield body
}

const MOST_CONNECTIONS = 512

const NOTHING = Buffer.alloc(0)

const ENDED = new Error('the run was ended before the answer came')

function openPool({ origin }: Target, timeoutMs: number): HttpPool {
  return new HttpPool(origin, timeoutMs, MOST_CONNECTIONS)
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD'
}

function isClosed({ error }: Broken): boolean {
  return CLOSINGS.has((error as NodeJS.ErrnoException).code ?? '')
}

const CLOSINGS = new Set(['ECONNRESET', 'EPIPE'])

function wordsOf(error: Error, timeoutMs: number): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ETIMEDOUT') return `no answer in ${timeoutMs} ms`
  // Connecting to several addresses fails with one error for each, and no words of its own.
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error
  return first.message || String(code)
}
