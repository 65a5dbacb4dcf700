/**
 * A lease that this process holds, and how long it may believe so. Time is counted on a steady clock from before a
 * heartbeat was sent, while others count from after it has arrived: so the holder has stopped before anybody may take
 * over. Once it is lost it is never held again, and nothing may be written under it.
 */
import { RekeyError } from '../../record/errors.ts'
import type { LeaseRecord, LeaseSpace } from './contract.ts'
import type { Keeper } from './keeper.ts'
import { isSameWriting, released, timesOf } from './record.ts'
import { write } from './write.ts'

/** Parts of the time after which a lease is stale: when it is renewed, when work is told to end, when it is ended. */
const RENEW_AT = 1 / 3
const WARN_AT = 0.7
const END_AT = 0.9
/** How soon a heartbeat that failed is tried again, as a part of the same. */
const AGAIN_AFTER = 1 / 30

export interface Written {
  readonly record: LeaseRecord
  readonly version: string
  /** by the steady clock, just before it was sent */
  readonly sentMs: number
}

export class Lease {
  readonly name: string
  readonly token: number
  /** how often what it is about had failed when it was claimed; that the last holder has fallen silent is one of these */
  readonly attempts: number
  /** the last holder, where it has fallen silent */
  readonly takenFrom: LeaseRecord | undefined
  readonly #space: LeaseSpace
  readonly #keeper: Keeper
  readonly #warned = new AbortController()
  readonly #lost = new AbortController()
  readonly #ended = new AbortController()
  /** called after each heartbeat that has arrived, when `endsAtMs` has moved */
  onRenewed = () => {}
  #last: Written
  /** one write at a time */
  #turn: Promise<unknown> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isBeating = false
  #failedAtMs: number | undefined
  /** the heartbeat that was sent last, by the steady clock of its first try */
  #sent: { readonly beats: number; readonly ms: number } | undefined

  constructor(space: LeaseSpace, name: string, keeper: Keeper, written: Written, takenFrom?: LeaseRecord) {
    this.#space = space
    this.#keeper = keeper
    this.#last = written
    this.name = name
    this.token = written.record.token
    this.attempts = written.record.attempts
    this.takenFrom = takenFrom
    this.#plan()
  }

  /** Aborted when a heartbeat is long overdue: what works under the lease is to end, and may still say what it did. */
  get warned(): AbortSignal {
    return this.#warned.signal
  }

  /** Aborted when the lease is lost, or may be. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Whether it may still be written under. Asked right before each write. */
  get isHeld(): boolean {
    if (this.#remainingMs(END_AT) <= 0) this.#lose()
    return !this.#lost.signal.aborted && !this.#ended.signal.aborted
  }

  /** Whether no heartbeat is due yet: most of the time for which the lease is good is still to come. */
  get isFresh(): boolean {
    return this.isHeld && this.#remainingMs(RENEW_AT) > 0
  }

  /** By the steady clock: when everything that works under the lease must have ended, unless it is renewed. */
  get endsAtMs(): number {
    return this.#last.sentMs + this.#goodMs * END_AT
  }

  /** Renews it now; false when it is lost. Throws what keeps the store from telling, while it is still held. */
  renew(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (!this.isHeld) return false
      const { record } = this.#last
      const now = this.#keeper.clock.now()
      const { heartbeat_at, expires_at } = timesOf(now, now, this.#keeper.termMs)
      return this.#put({ ...record, heartbeat_at, expires_at, beats: record.beats + 1 })
    })
  }

  /** Gives it back, with this count of failures; nothing when it is lost or was given back. It is not held afterwards. */
  release(attempts = this.attempts): Promise<void> {
    return this.#inTurn(async () => {
      const isHeld = this.isHeld
      this.#ended.abort()
      clearTimeout(this.#timer)
      if (isHeld) await write(this.#space, this.name, this.#last.version, released(this.#last.record, attempts), NEVER)
    })
  }

  get #goodMs(): number {
    return Math.min(this.#keeper.termMs, this.#keeper.staleMs)
  }

  #remainingMs(part: number): number {
    return this.#last.sentMs + this.#goodMs * part - this.#keeper.clock.steady()
  }

  async #put(record: LeaseRecord): Promise<boolean> {
    // A heartbeat that was sent before and not answered may be the one that is found.
    if (this.#sent?.beats !== record.beats) this.#sent = { beats: record.beats, ms: this.#keeper.clock.steady() }
    const sentMs = this.#sent.ms
    const version = await write(this.#space, this.name, this.#last.version, record, this.#lost.signal)
    if (version !== undefined) this.#last = { record, version, sentMs }
    else await this.#lookFor(record, sentMs)
    // What took longer than the lease is good for has come too late.
    if (!this.isHeld) return false
    this.onRenewed()
    return true
  }

  /** After a no: a heartbeat without an answer may have arrived after all, or not at all. Anything else is a loss. */
  async #lookFor(record: LeaseRecord, sentMs: number): Promise<void> {
    const found = await this.#space.read(this.name, this.#lost.signal)
    if (found === undefined) this.#lose()
    else if (isSameWriting(found.record, record)) this.#last = { record, version: found.version, sentMs }
    else if (found.version !== this.#last.version) this.#lose()
    else throw new RekeyError('E_BUSY', `lease ${this.name}: the heartbeat has not arrived`)
  }

  /** One timer at a time: for the next heartbeat, the warning or the end, whichever comes first. */
  #plan(): void {
    clearTimeout(this.#timer)
    if (!this.isHeld) return
    if (this.#remainingMs(WARN_AT) <= 0) this.#warned.abort()
    const beatMs = this.#isBeating ? Number.POSITIVE_INFINITY : this.#untilBeatMs()
    const warnMs = this.#warned.signal.aborted ? Number.POSITIVE_INFINITY : this.#remainingMs(WARN_AT)
    const waitMs = Math.min(beatMs, warnMs, this.#remainingMs(END_AT))
    this.#timer = setTimeout(() => this.#onTimer(beatMs <= waitMs), Math.max(1, waitMs))
    this.#timer.unref()
  }

  #untilBeatMs(): number {
    if (this.#failedAtMs === undefined) return this.#remainingMs(RENEW_AT)
    return this.#failedAtMs + this.#goodMs * AGAIN_AFTER - this.#keeper.clock.steady()
  }

  #onTimer(isBeat: boolean): void {
    if (isBeat) void this.#beat()
    // The warning and the end stand until the answer has come.
    this.#plan()
  }

  async #beat(): Promise<void> {
    this.#isBeating = true
    const isRenewed = await this.renew().catch(() => false)
    this.#isBeating = false
    this.#failedAtMs = isRenewed ? undefined : this.#keeper.clock.steady()
    this.#plan()
  }

  #lose(): void {
    clearTimeout(this.#timer)
    if (this.#ended.signal.aborted || this.#lost.signal.aborted) return
    this.#warned.abort()
    this.#lost.abort()
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

const NEVER = new AbortController().signal
