/**
 * Claims parts until none is left: looks what there is, takes what nobody holds, and waits for what others hold. Holds a
 * line for each part, and what `run-part` holds for one.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { newLine } from '../../record/line.ts'
import { spanText } from '../../stage/duration.ts'
import type { Context, Stage } from '../../stage/stage.ts'
import type { AwsSettings } from '../../store/contract.ts'
import { claim } from '../../store/lease/claim.ts'
import type { LeaseRecord, LeaseSpace } from '../../store/lease/contract.ts'
import type { Lease } from '../../store/lease/held.ts'
import { Watch } from '../../store/lease/judge.ts'
import type { Keeper } from '../../store/lease/keeper.ts'
import { awaitManifest } from './await-manifest.ts'
import { leaseNames, leasesBeside } from './lease-names.ts'
import type { Expected } from './manifest.ts'
import { readManifest } from './manifest.ts'
import { outlook, STRANGERS } from './outlook.ts'
import type { PartPlace, PartState } from './place.ts'
import { openPlace } from './place.ts'
import { runPart, whoHeld } from './run-part.ts'
import type { Witness } from './witness.ts'

export interface PartsOptions {
  readonly location: string
  readonly command: readonly string[]
  /** absent: beside the parts */
  readonly lease: string | undefined
  readonly termMs: number
  readonly staleMs: number
  readonly attempts: number
  readonly once: boolean
  /** how long to wait for the manifest; undefined where it may be absent */
  readonly waitMs: number | undefined
  readonly aws?: AwsSettings
}

/** How often the same thing may fail in a row, when trying it again may help; and it goes on for as long as a lease is good. */
const PATIENCE = 10
/** Parts of the time after which a lease is stale: how often those of others are looked at; in bounds. */
const LOOK_EVERY = 1 / 20
const SHORTEST_WAIT_MS = 50
const LONGEST_WAIT_MS = 15_000

/** A look at all parts counts for so many times as long as it has taken: with many parts it takes long. */
const LOOK_COUNTS_FOR = 50

/** What may fail: each has a patience of its own, for one may go well while another never does. */
type Doing = 'look' | 'claim' | 'run'

export function partsStage(options: PartsOptions): Stage {
  return async function* (_batches, context) {
    const place = await openPlace(options.location, context)
    if (options.waitMs !== undefined) await awaitManifest(place, options.waitMs, context)
    if (context.stop.aborted) return
    // Before leases make a directory of a name that was mistyped.
    if ((await place.survey()).length === 0) throw noParts(options.location, place)
    const space = await context.openLeases(options.lease ?? leasesBeside(options.location))
    await space.check(context.abort)
    const run = new Run(options, place, space, context)
    for await (const witness of run.witnesses()) yield [newLine(witness)]
  }
}

function noParts(location: string, { strangers: [stranger] }: PartPlace): RekeyError {
  if (stranger !== undefined) {
    return new RekeyError('E_USAGE', `${location}: ${stranger} is not taken for a part: ${STRANGERS}`)
  }
  const message = `${location}: there is no part-*.ndjson; shard-keys --parts N --out ${location} makes them, and --wait TIME waits for it`
  return new RekeyError('E_USAGE', message)
}

class Run {
  readonly #options: PartsOptions
  readonly #place: PartPlace
  readonly #space: LeaseSpace
  readonly #context: Context
  readonly #watch = new Watch()
  readonly #keeper: Keeper
  readonly #own = new Set<string>()
  #manifest: ReadonlyMap<string, Expected> | undefined
  #open: readonly PartState[] = []
  /** by the steady clock: when the parts are to be looked at again */
  #lookAgainMs = 0
  #holder: { readonly part: string; readonly record: LeaseRecord } | undefined
  #hasToldOfWait = false
  readonly #failures = new Map<Doing, { readonly times: number; readonly sinceMs: number }>()

  constructor(options: PartsOptions, place: PartPlace, space: LeaseSpace, context: Context) {
    this.#options = options
    this.#place = place
    this.#space = space
    this.#context = context
    const { host, pid } = context.process
    this.#keeper = {
      worker: { id: `${host}-${pid}-${randomBytes(4).toString('hex')}`, host, pid },
      termMs: options.termMs,
      staleMs: options.staleMs,
      clock: context,
    }
  }

  /** The witness of each part that this run brings to its end. */
  async *witnesses(): AsyncGenerator<Witness> {
    const { command, attempts, once, lease } = this.#options
    const nameOf = await leaseNames(this.#place, lease !== undefined)
    const job = { place: this.#place, command, attempts, worker: this.#keeper.worker.id }
    while (!this.#context.stop.aborted) {
      const open = await this.#patiently('look', () => this.#openParts())
      if (open === undefined) {
        await this.#rest()
        continue
      }
      if (open.length === 0) break
      const claimed = await this.#patiently('claim', () => this.#claimOne(open, nameOf))
      if (claimed !== undefined) {
        const { name, lease } = claimed
        this.#open = open.filter((part) => part.name !== name)
        const witness = await this.#patiently('run', () =>
          runPart({ ...job, name, expected: this.#manifest?.get(name) }, lease, this.#context),
        )
        if (witness === undefined) continue
        this.#own.add(name)
        yield witness
      } else if (once && !this.#failures.has('claim')) break
      else {
        this.#tellOfWait(open.length)
        await this.#rest()
      }
    }
    if (!this.#context.stop.aborted) await outlook(this.#place, this.#manifest, this.#own, this.#context)
  }

  /** The parts that are left: as they were seen a short time ago, without those taken up since; or afresh. */
  async #openParts(): Promise<readonly PartState[]> {
    const startedMs = this.#context.steady()
    if (this.#open.length > 0 && startedMs < this.#lookAgainMs) return this.#open
    // Before the parts: where it is there, they all are.
    this.#manifest ??= await readManifest(this.#place)
    const parts = await this.#place.survey()
    const nowMs = this.#context.steady()
    this.#lookAgainMs = nowMs + (nowMs - startedMs) * LOOK_COUNTS_FOR
    this.#open = parts.filter(({ part, done, failed }) => part && !done && !failed)
    this.#show(parts, this.#open.length)
    return this.#open
  }

  /** Claims a part that nobody holds; begins somewhere, so that workers do not all ask for the same one. */
  async #claimOne(
    open: readonly PartState[],
    nameOf: (part: string) => string,
  ): Promise<{ readonly name: string; readonly lease: Lease } | undefined> {
    this.#holder = undefined
    const start = Math.floor(this.#context.random() * open.length)
    for (const { name } of [...open.slice(start), ...open.slice(0, start)]) {
      if (this.#context.stop.aborted) return undefined
      const claimed = await claim(this.#space, nameOf(name), this.#keeper, this.#watch, this.#context.abort)
      if ('lease' in claimed) return { name, lease: claimed.lease }
      if (claimed.heldBy !== undefined) this.#holder = { part: name, record: claimed.heldBy.record }
    }
    return undefined
  }

  /** Once: a worker that was killed holds its part until it is missed, and nothing is to be seen meanwhile. */
  #tellOfWait(parts: number): void {
    if (this.#hasToldOfWait || this.#holder === undefined || this.#context.stop.aborted) return
    this.#hasToldOfWait = true
    const { part, record } = this.#holder
    const missedMs = Math.max(this.#options.staleMs, record.stale_ms ?? 0)
    const what = parts === 1 ? part : `${parts} parts, ${part} among them`
    this.#context.tell(
      `waiting for ${what}, which ${whoHeld(record)} holds; it is taken over ${spanText(missedMs)} after the last heartbeat`,
    )
  }

  /** Undefined where the store fails and may not the next time. Throws what will not pass, and what does not pass. */
  async #patiently<T>(doing: Doing, call: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await call()
      this.#failures.delete(doing)
      return result
    } catch (thrown) {
      const error = toRekeyError(thrown)
      const mayPass = error.retryable || error.code === 'E_UNANSWERED'
      if (!mayPass || this.#isOutOfPatience(doing)) throw error
      this.#context.warn(`${error.code}: ${error.message}; going on`)
      return undefined
    }
  }

  #isOutOfPatience(doing: Doing): boolean {
    const nowMs = this.#context.steady()
    const { times, sinceMs } = this.#failures.get(doing) ?? { times: 0, sinceMs: nowMs }
    this.#failures.set(doing, { times: times + 1, sinceMs })
    return times >= PATIENCE && nowMs - sinceMs > Math.min(this.#options.staleMs, this.#options.termMs)
  }

  #rest(): Promise<void> {
    this.#lookAgainMs = 0
    const everyMs = Math.min(this.#options.staleMs, this.#options.termMs) * LOOK_EVERY
    const boundedMs = Math.min(LONGEST_WAIT_MS, Math.max(SHORTEST_WAIT_MS, everyMs))
    const waitMs = boundedMs * (0.5 + this.#context.random())
    return sleep(waitMs, undefined, { signal: this.#context.stop }).catch(() => {})
  }

  #show(parts: readonly PartState[], open: number): void {
    const done = parts.filter((part) => part.done).length
    const aside = parts.filter((part) => part.failed && !part.done).length
    this.#context.show(() => `of ${parts.length}: ${done} done, ${aside} set aside, ${open} left`)
  }
}
