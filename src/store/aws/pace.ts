/** Tells the gate how the answers come in: quick, slow or not at all. Holds a number for each kind of request. */
import type { Gate } from './gate.ts'

/** Slower than this many times the quickest, requests queue somewhere: more of them would not make it faster. */
const QUEUED = 3
/** Below this a difference says nothing. */
const NOISE_MS = 5
/** By so much the quickest is forgotten with each answer, so that a lucky one does not count for ever. */
const FORGET = 1.0005

export class Pace {
  readonly #gate: Gate
  readonly #quickest = new Map<string, number>()

  constructor(gate: Gate) {
    this.#gate = gate
  }

  /** `kind` is one word for requests that take alike. */
  answered(kind: string, tookMs: number, asksForLess: boolean): void {
    if (asksForLess) {
      this.#gate.report('busy')
      return
    }
    const quickest = Math.min((this.#quickest.get(kind) ?? Number.POSITIVE_INFINITY) * FORGET, Math.max(tookMs, 1))
    this.#quickest.set(kind, quickest)
    this.#gate.report(tookMs <= quickest * QUEUED + NOISE_MS ? 'quick' : 'slow')
  }

  timedOut(): void {
    this.#gate.report('busy')
  }
}
