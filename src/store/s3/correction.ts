/**
 * Puts right what a server refuses a request for before looking at it: another region, a clock that is wrong,
 * credentials that have ended.
 */
import { errorCode } from './classify.ts'
import type { BucketSettings } from './connection.ts'
import type { Reply } from './request.ts'
import type { Target } from './target.ts'
import { tag } from './xml.ts'

/** A request may be a quarter of an hour off; a difference below this is not why it was refused. */
const SKEW_MS = 4 * 60_000

export class Correction {
  readonly #settings: Pick<BucketSettings, 'targetIn' | 'identity' | 'now'>
  /** what is to be added to this machine's clock */
  clockOffsetMs = 0

  constructor(settings: Pick<BucketSettings, 'targetIn' | 'identity' | 'now'>) {
    this.#settings = settings
  }

  /** The target to ask again, the same one too; undefined when asking again would not help. */
  async of(reply: Reply, target: Target): Promise<Target | undefined> {
    if (reply.status !== 301 && reply.status !== 307 && reply.status !== 400 && reply.status !== 403) return undefined
    const code = errorCode(reply)
    if (reply.status === 403) return this.#learnClock(reply, code) ? target : undefined
    if (code === 'ExpiredToken') return (await this.#renew()) ? target : undefined
    const region = reply.headers['x-amz-bucket-region'] ?? regionIn(reply)
    return region === undefined || region === target.region ? undefined : this.#settings.targetIn(region)
  }

  /** An answer to HEAD has no code: there the clocks alone tell. */
  #learnClock(reply: Reply, code: string | undefined): boolean {
    if (code !== undefined && code !== 'RequestTimeTooSkewed') return false
    const theirs = Date.parse(reply.headers.date ?? '')
    if (Number.isNaN(theirs)) return false
    const offsetMs = theirs - this.#settings.now()
    if (Math.abs(offsetMs - this.clockOffsetMs) < SKEW_MS) return false
    this.clockOffsetMs = offsetMs
    return true
  }

  async #renew(): Promise<boolean> {
    const before = await this.#settings.identity.current()
    const renewed = await this.#settings.identity.renew().catch(() => before)
    return renewed.accessKeyId !== before.accessKeyId || renewed.sessionToken !== before.sessionToken
  }
}

function regionIn(reply: Reply): string | undefined {
  return reply.body.length === 0 ? undefined : tag(reply.body.toString('utf8'), 'Region')
}
