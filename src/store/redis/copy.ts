/**
 * Copies within one database: COPY, pipelined, where source and destination share a server and a slot; by DUMP and
 * RESTORE where they do not. Never writes over a destination that the guard protects.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Guard, Outcome, Pair } from '../contract.ts'
import type { Answer, Request } from './connection.ts'
import type { Guarded } from './guarded.ts'
import type { Merger } from './merge.ts'
import { DONE, EXISTS, failed, GONE, outcomeOf } from './outcomes.ts'
import type { Servers } from './servers.ts'
import { sendByKey } from './servers.ts'
import { slotOf } from './slot.ts'
import type { Transfer } from './transfer.ts'

export class Copier {
  readonly #servers: Servers
  readonly #guarded: Guarded
  readonly #merger: Merger
  readonly #transfer: Transfer

  constructor(servers: Servers, guarded: Guarded, merger: Merger, transfer: Transfer) {
    this.#servers = servers
    this.#guarded = guarded
    this.#merger = merger
    this.#transfer = transfer
  }

  /** One outcome per pair, in order; never throws. */
  async copy(pairs: readonly Pair[], guard: Guard, signal: AbortSignal): Promise<readonly Outcome[]> {
    const isNear = (pair: Pair) => !this.#servers.isCluster || slotOf(pair.from) === slotOf(pair.to)
    const near = pairs.filter(isNear)
    if (near.length === pairs.length && (guard === 'absent' || guard === 'any'))
      return this.#copyNear(pairs, guard, signal)
    const outcomes = new Map<Pair, Outcome>()
    const take = (some: readonly Pair[], found: readonly Outcome[]) => {
      for (const [at, pair] of some.entries()) outcomes.set(pair, found[at] as Outcome)
    }
    if (guard === 'merge') {
      take(pairs, await this.#merger.merge(pairs, (some) => this.copy(some, 'absent', signal), signal))
    } else {
      const far = pairs.filter((pair) => !isNear(pair))
      const [here, there] = await Promise.all([
        guard === 'match'
          ? this.#guarded.write(near, ({ from, to }) => ['COPY', from, to, 'REPLACE'], signal)
          : this.#copyNear(near, guard, signal),
        Promise.all(far.map((pair) => this.#copyFar(pair, guard, signal))),
      ])
      take(near, here)
      take(far, there)
    }
    return pairs.map((pair) => outcomes.get(pair) as Outcome)
  }

  async #copyNear(pairs: readonly Pair[], guard: 'absent' | 'any', signal: AbortSignal): Promise<readonly Outcome[]> {
    const requests = pairs.map(
      ({ from, to }): Request => (guard === 'any' ? ['COPY', from, to, 'REPLACE'] : ['COPY', from, to]),
    )
    const answers = await sendByKey(
      this.#servers,
      pairs.map((pair) => pair.to),
      requests,
      signal,
    )
    const refused = pairs.filter((_, at) => answers[at] === 0)
    if (refused.length === 0) return pairs.map((pair, at) => outcomeOfCopy(answers[at], pair))
    const reasons = await this.#whyNot(refused, guard, signal)
    const whyNot = new Map(refused.map((pair, at) => [pair, reasons[at] as Outcome]))
    return pairs.map((pair, at) => whyNot.get(pair) ?? outcomeOfCopy(answers[at], pair))
  }

  /** COPY answers 0 when the destination exists, and also when the source does not. */
  async #whyNot(pairs: readonly Pair[], guard: 'absent' | 'any', signal: AbortSignal): Promise<readonly Outcome[]> {
    const answers = await sendByKey(
      this.#servers,
      pairs.map((pair) => pair.from),
      pairs.map(({ from }): Request => ['EXISTS', from]),
      signal,
    )
    return pairs.map((pair, at) => {
      const answer = answers[at]
      if (answer instanceof RekeyError) return { outcome: 'failed', error: answer }
      if (answer === 0) return GONE
      return guard === 'any' ? failed('E_BUSY', pair.from, 'came and went while it was copied') : EXISTS
    })
  }

  async #copyFar(pair: Pair, guard: Guard, signal: AbortSignal): Promise<Outcome> {
    try {
      const content = await this.#transfer.read(pair.from, signal)
      if (content === undefined) return GONE
      const item = { key: pair.to, content, ...(pair.expect && { expect: pair.expect }) }
      return await this.#transfer.write(item, guard, signal)
    } catch (thrown) {
      if (thrown instanceof RekeyError) return { outcome: 'failed', error: thrown }
      throw thrown
    }
  }
}

function outcomeOfCopy(answer: Answer | undefined, pair: Pair): Outcome {
  return answer instanceof RekeyError ? outcomeOf(answer, pair.to) : DONE
}
