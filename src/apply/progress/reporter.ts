/** Which rows are to be written, and what each of them says at the moment at which it is written. */
import { RekeyError } from '../../record/errors.ts'
import type { Place, Schema } from '../../stage/progress/place.ts'
import type { Context } from '../../stage/stage.ts'
import type { Store } from '../../store/contract.ts'
import type { Groups, Tally } from './groups.ts'
import { settledOf } from './groups.ts'
import { HostLoad } from './host-load.ts'
import type { Rows } from './publisher.ts'
import type { Writer } from './row.ts'
import { beforeOf, heartbeatOf, rowOf } from './row.ts'
import type { Update } from './standing.ts'
import { hasRival, nextStanding, pendingStanding } from './standing.ts'
import { changeRow } from './write.ts'

export interface ReporterOptions {
  readonly schema: Schema
  readonly share: string
  readonly writer: Writer
  readonly completesAtEnd: boolean
}

export class Reporter implements Rows<Tally> {
  readonly #options: ReporterOptions
  readonly #place: Place
  readonly #groups: Groups
  readonly #context: Context
  readonly #run: string
  readonly #startedMs: number
  readonly #load = new HostLoad()
  #isEnded = false
  #isWhole = false
  #hasWarned = false

  constructor(options: ReporterOptions, place: Place, groups: Groups, context: Context) {
    this.#options = options
    this.#place = place
    this.#groups = groups
    this.#context = context
    this.#startedMs = context.now()
    this.#run = `${this.#startedMs.toString(36)}-${Math.floor(context.random() * 2 ** 32).toString(36)}`
  }

  /** Throws E_UNSUPPORTED for a store that cannot be written, E_LOCATION for a table that is for something else. */
  async open(): Promise<Store> {
    const store = await this.#context.open(this.#place.location)
    requireKeys(store, this.#place)
    if (store.read !== undefined && store.write !== undefined) return store
    throw new RekeyError('E_UNSUPPORTED', `${store.location} cannot be written, so it holds no progress`)
  }

  due(): readonly Tally[] {
    const due: Tally[] = []
    for (const tally of this.#groups.all) {
      if (!tally.isDirty) continue
      tally.isDirty = false
      due.push(tally)
    }
    return due
  }

  keep(tally: Tally): void {
    tally.isDirty = true
  }

  /** The row that has changed last is written again though nothing has, so that this host is seen to live. */
  touch(): void {
    const latest = this.#groups.latest ?? this.#hostTally()
    if (latest !== undefined) latest.isDirty = true
  }

  /** From now on rows say that this run has ended; `isWhole` when its input has come to its end. */
  end(isWhole: boolean): void {
    this.#isEnded = true
    this.#isWhole = isWhole
    for (const tally of this.#groups.all) if (hasPassed(tally) || this.#isHeartbeat) tally.isDirty = true
    this.#hostTally()
  }

  async write(store: Store, tally: Tally, signal: AbortSignal): Promise<void> {
    await changeRow(store, this.#keyOf(tally), (before) => this.#rowOf(tally, before), this.#context.random, signal)
  }

  get #isHeartbeat(): boolean {
    return this.#options.schema === 'heartbeat'
  }

  /** A host has a heartbeat though no record has passed yet. */
  #hostTally(): Tally | undefined {
    return this.#isHeartbeat ? this.#groups.tallyOf({ customer: '*', space: '*' }) : undefined
  }

  #keyOf({ group }: Tally): string {
    return this.#isHeartbeat ? this.#place.hostKey(this.#options.writer.instance) : this.#place.groupKey(group)
  }

  #rowOf(tally: Tally, before: Readonly<Record<string, unknown>> | undefined): object | undefined {
    const { schema, writer } = this.#options
    const now = this.#context.now()
    if (schema === 'heartbeat') {
      const progress = before?.['progress']
      const standing = this.#next(
        tally,
        typeof progress === 'object' ? (progress as Record<string, unknown>) : undefined,
      )
      return heartbeatOf(standing, writer, this.#load.now())
    }
    if (hasPassed(tally)) return rowOf(before, tally.group, this.#next(tally, before), writer)
    // What an earlier run has come to stands until something of it passes again.
    return before === undefined ? rowOf(before, tally.group, pendingStanding(tally.total, now), writer) : undefined
  }

  #next(tally: Tally, row: Readonly<Record<string, unknown>> | undefined) {
    const before = beforeOf(row)
    const update = this.#updateOf(tally)
    if (!this.#hasWarned && hasRival(before, update)) {
      this.#hasWarned = true
      this.#context.warn(`another run writes the same rows (${this.#keyOf(tally)}): give each its --share NAME`)
    }
    return nextStanding(before, update, this.#context.now())
  }

  #updateOf({ counts, errors, failures, last, total, settledAtStart }: Tally): Update {
    const { share, completesAtEnd } = this.#options
    return {
      share,
      run: this.#run,
      counts,
      errors: { ...errors },
      failures: [...failures],
      last,
      total,
      isEnded: this.#isEnded,
      completesAtEnd: completesAtEnd && this.#isWhole,
      startedMs: this.#startedMs,
      settledAtStart,
    }
  }
}

/** Any key of one attribute would take a row, which would then stand among the data. */
function requireKeys({ location, traits }: Store, { keyNames }: Place): void {
  if (keyNames === undefined || traits.keyNames?.join() === keyNames.join()) return
  throw new RekeyError(
    'E_LOCATION',
    `${location} has the key ${traits.keyNames?.join(', ')}, and rows of progress have ${keyNames.join(', ')}: name a table of their own; watch-progress dynamodb://NAME --table create makes one`,
  )
}

function hasPassed(tally: Tally): boolean {
  return settledOf(tally) + tally.counts.open > 0
}
