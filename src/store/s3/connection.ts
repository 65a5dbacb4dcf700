/**
 * One bucket through one endpoint: requests, each taking its turn at the gate. What the server has refused because it was
 * asked in the wrong place, at the wrong time or with credentials that have ended is put right and asked again here; any
 * other answer is the caller's to judge, and any other failure `wrap/retry`'s to try again.
 */
import type { RekeyError } from '../../record/errors.ts'
import type { Gate } from '../aws/gate.ts'
import { Pace } from '../aws/pace.ts'
import { onePiece } from '../plain-content.ts'
import { brokenFailure, isClosed, isTimeout } from './broken.ts'
import { asksForLess } from './classify.ts'
import { Correction } from './correction.ts'
import type { Broken } from './exchange.ts'
import { StreamExchange, WholeExchange } from './exchange.ts'
import type { Reply, Request, Streamed } from './request.ts'
import { isRead } from './request.ts'
import type { Target } from './target.ts'
import type { Opening, WireSettings } from './wire.ts'
import { Wire } from './wire.ts'

export interface BucketSettings extends WireSettings {
  readonly name: string
  /** where the bucket is, as far as is known */
  readonly target: Target
  /** where it is if it is in this region; the same target for a server that is the only one */
  targetIn(region: string): Promise<Target>
  readonly gate: Gate
  /** milliseconds since 1970 */
  now(): number
}

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
  readonly #wire: Wire
  #opening: { readonly query: string; readonly reply: Reply } | undefined

  constructor(settings: BucketSettings) {
    this.name = settings.name
    this.location = `s3://${settings.name}`
    this.place = settings.target.origin + settings.target.basePath
    this.gate = settings.gate
    this.#settings = settings
    this.#pace = new Pace(settings.gate)
    this.#correction = new Correction(settings)
    this.#wire = new Wire(settings.target, settings, () => settings.now() + this.#correction.clockOffsetMs)
  }

  /**
   * Resolves with the answer, whatever its status. Rejects with a RekeyError: E_CONNECTION or E_TIMEOUT when the request
   * surely had no effect (it was not sent, or it only reads), E_UNANSWERED when it was sent and no whole answer came.
   */
  send(request: Request, signal: AbortSignal): Promise<Reply> {
    const turn = this.gate.enter()
    return turn === undefined ? this.#send(request, signal) : turn.then(() => this.#send(request, signal))
  }

  /** The usual answer goes straight through: an asynchronous function would keep memory of its own for each request. */
  #send(request: Request, signal: AbortSignal): Promise<Reply> {
    const started = this.#settings.now()
    return this.#whole(request, signal).then(
      (answer) => {
        if (!('status' in answer) || answer.status >= 300) return this.#settle(request, answer, started, signal)
        this.#answered(request, answer, started)
        this.gate.leave()
        return answer
      },
      (thrown) => {
        this.gate.leave()
        throw thrown
      },
    )
  }

  /** What becomes of a request that was answered so, in its turn at the gate, which ends with it. */
  async #settle(request: Request, first: Reply | Broken, firstStarted: number, signal: AbortSignal): Promise<Reply> {
    let answer = first
    let started = firstStarted
    try {
      for (let refused = 0, lost = 0; ; ) {
        if (!('status' in answer)) {
          // A connection that the server had closed while it was idle. What only reads may be asked once more.
          const again = isRead(request) && isClosed(answer) && !answer.wasAnswered && !signal.aborted
          if (lost++ > 0 || !again) throw this.#failure(request, answer)
        } else {
          this.#answered(request, answer, started)
          if (answer.status < 300 || refused++ >= CORRECTIONS || !(await this.#putRight(answer))) return answer
        }
        started = this.#settings.now()
        answer = await this.#whole(request, signal)
      }
    } finally {
      this.gate.leave()
    }
  }

  #answered(request: Request, answer: Reply, started: number): void {
    this.#pace.answered(kindOf(request), this.#settings.now() - started, asksForLess(answer))
  }

  /** Keeps the answer with which the bucket was opened, for who asks for the same at once. */
  keepOpening(query: string, reply: Reply): void {
    this.#opening = { query, reply }
  }

  /** That answer, once, if it is to this query; by the second query it is out of date, and gone. */
  takeOpening(query: string): Reply | undefined {
    const opening = this.#opening
    this.#opening = undefined
    return opening?.query === query ? opening.reply : undefined
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
        this.#pace.answered(
          kindOf(request),
          this.#settings.now() - started,
          asksForLess({ ...streamed, body: NOTHING }),
        )
        if (streamed.status >= 300) {
          const reply = await whole(streamed)
          if (tries <= CORRECTIONS && (await this.#putRight(reply))) continue
          return { ...streamed, body: onePiece(reply.body) }
        }
        return streamed
      }
    } finally {
      this.gate.leave()
    }
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#wire.close()
  }

  #whole(request: Request, signal: AbortSignal): Promise<Reply | Broken> {
    return this.#wire.dispatch(request, signal, openWhole)
  }

  async #streamed(request: Request, signal: AbortSignal): Promise<Streamed> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#wire.dispatch<Streamed>(request, signal, (ended, done, failed) => {
        return new StreamExchange(ended, done, failed, (broken) => this.#failure(request, broken))
      })
      if ('status' in answer) return answer
      if (tries === 1 && isRead(request) && isClosed(answer) && !signal.aborted) continue
      throw this.#failure(request, answer)
    }
  }

  /** Whether the cause of a refusal has been put right, so that the request is worth sending again. */
  async #putRight(reply: Reply): Promise<boolean> {
    const before = this.#wire.target
    const target = await this.#correction.of(reply, before)
    if (target === undefined) return false
    if (target !== before && this.#wire.target === before) this.#wire.moveTo(target)
    return true
  }

  #failure(request: Request, broken: Broken): RekeyError {
    if (isTimeout(broken)) this.#pace.timedOut()
    return brokenFailure(request, broken, this.location, this.#settings.timeoutMs)
  }
}

const openWhole: Opening<Reply> = (over, done, failed) => new WholeExchange(over, done, failed)

/** Requests that take alike. */
function kindOf({ method, key, headers }: Request): string {
  if (key === undefined) return method === 'GET' ? 'list' : 'batch'
  return headers?.['x-amz-copy-source'] === undefined ? method : 'copy'
}

async function whole({ status, headers, body }: Streamed): Promise<Reply> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { status, headers, body: Buffer.concat(chunks) }
}

const NOTHING = Buffer.alloc(0)
