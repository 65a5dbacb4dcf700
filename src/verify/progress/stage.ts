/**
 * The work of watch-progress: reads all rows, prints what they come to, and does so again where it is to watch.
 * Holds the rows, about 3 kB each.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Line } from '../../record/line.ts'
import { placeOf, schemaOf } from '../../stage/progress/place.ts'
import type { Sample } from '../../stage/progress/samples.ts'
import { withSample } from '../../stage/progress/samples.ts'
import { STATUSES } from '../../stage/progress/standing.ts'
import type { Context, Stage } from '../../stage/stage.ts'
import type { AwsSettings, Entry } from '../../store/contract.ts'
import { fit } from './fit.ts'
import { htmlPage } from './html.ts'
import type { Overview } from './overview.ts'
import { isAlarm, overviewOf } from './overview.ts'
import type { Heartbeat, Row } from './read.ts'
import { readEntry, strangeStatus } from './read.ts'
import type { Lists } from './text.ts'
import { reportJson, reportLines, summary } from './text.ts'
import { writeFile } from './write.ts'

export interface WatchOptions {
  readonly locations: readonly string[]
  /** undefined for one look */
  readonly everyMs: number | undefined
  readonly stuckMs: number
  readonly lists: Lists
  readonly json: boolean
  readonly html: string | undefined
  /** make the table, and look at nothing */
  readonly createsTable: boolean
  readonly aws?: AwsSettings
}

/** Groups that a report for people names; of a terminal as many as it has room for. */
const GROUPS_SHOWN = 40
const STRANGE_TOLD = 5
/** from the first line on; what was scrolled away stays */
const CLEAR_SCREEN = '\x1b[H\x1b[J'

/** `pause` waits between two looks, and returns early when the run is stopped. */
export function watchStage(
  options: WatchOptions,
  pause: (ms: number, stop: AbortSignal) => Promise<void> = rest,
): Stage {
  return async function* (_input, context) {
    if (options.createsTable) return await createTables(options.locations, context)
    const seen = new Map<string, readonly Sample[]>()
    const told = new Set<string>()
    for (let mayBeEmpty = options.everyMs !== undefined; ; ) {
      const overview = await look(options, seen, told, mayBeEmpty, context)
      mayBeEmpty &&= overview.rows.length + overview.hosts.length === 0
      if (options.html !== undefined) await writeFile(options.html, htmlPage(overview, options.everyMs), context)
      yield [lineOf(options, overview, context)]
      if (options.everyMs === undefined) return
      await pause(options.everyMs, context.stop)
      if (context.stop.aborted) return
    }
  }
}

/** That of `migration-progress`. */
const TABLE = {
  partition: 'customer',
  sort: 'space',
  index: { name: 'status-index', partition: 'status', sort: 'updatedAt' },
}

async function createTables(locations: readonly string[], context: Context): Promise<void> {
  for (const location of locations) {
    const isMade = await context.createTable(location, TABLE)
    context.tell(`${location} ${isMade ? 'is made' : 'was there'}: keys customer, space; index status-index`)
  }
}

/**
 * Throws E_LOCATION for a place that holds neither rows nor heartbeats: nothing to see is not the same as all is well.
 * Whoever watches may begin before there are any, but for rows that have been there and are gone.
 */
async function look(
  options: WatchOptions,
  seen: Map<string, readonly Sample[]>,
  told: Set<string>,
  mayBeEmpty: boolean,
  context: Context,
): Promise<Overview> {
  const rows = new Map<string, Row>()
  const heartbeats = new Map<string, Heartbeat>()
  for (const location of options.locations) {
    const place = placeOf(location, schemaOf(location))
    const store = await context.open(place.location)
    const range = { values: true, ...(place.match !== undefined && { match: place.match }) }
    // A listing that has no order may give a key twice, and so do two spellings of one location.
    for await (const entries of store.list(range, context.stop)) {
      for (const entry of entries) {
        const name = `${store.location} ${String(entry.key)}`
        const read = readEntry(entry)
        if (read === undefined) tellOfStrange(entry, told, context)
        if (read !== undefined && 'row' in read) rows.set(name, read.row)
        if (read !== undefined && 'heartbeat' in read) heartbeats.set(name, read.heartbeat)
      }
    }
  }
  const now = context.now()
  if (rows.size + heartbeats.size === 0 && !mayBeEmpty) {
    throw new RekeyError(
      'E_LOCATION',
      `there are no rows of progress and no heartbeats in ${options.locations.join(', ')}`,
    )
  }
  // Two locations may have rows of the same group.
  const names = new Map([...rows].map(([name, row]) => [row, name]))
  return overviewOf([...rows.values()], [...heartbeats.values()], now, options.stuckMs, (row) =>
    samplesOf(row, names.get(row) ?? `heartbeat ${row.space}`, seen, now),
  )
}

/** Once for each such status: a row that is passed over is missing in every count. */
function tellOfStrange(entry: Entry, told: Set<string>, context: Context): void {
  const status = strangeStatus(entry)
  if (status === undefined || told.has(status) || told.size >= STRANGE_TOLD) return
  told.add(status)
  const which = `key ${keyText(entry.key)} has the status ${JSON.stringify(status.slice(0, 40))}`
  context.warn(`${which}, which is none of ${STATUSES.join(', ')}: rows like it are passed over, and not counted`)
}

/** What the row has, or what has been seen of it by watching. */
function samplesOf(row: Row, name: string, seen: Map<string, readonly Sample[]>, nowMs: number): readonly Sample[] {
  if (row.samples.length > 0) return row.samples
  const samples = seen.get(name) ?? []
  const at = Math.floor(nowMs / 1000)
  const next = samples.at(-1)?.[0] === at ? samples : withSample(samples, at, row.completed + row.failed)
  seen.set(name, next)
  // One look shows no growth.
  return next.length < 2 ? [] : next
}

function lineOf(options: WatchOptions, overview: Overview, { screen }: Context): Line {
  return { text: textOf(options, overview, screen), record: isAlarm(overview) ? { outcome: 'failed' } : {} }
}

function textOf({ json, lists, everyMs }: WatchOptions, overview: Overview, screen: Context['screen']): string {
  if (json) return reportJson(overview, lists)
  if (everyMs === undefined) return reportLines(overview, lists, GROUPS_SHOWN).join('\n')
  if (screen === undefined) return `${new Date(overview.atMs).toISOString()} ${summary(overview)}`
  const room = Math.max(1, screen.rows - 1)
  const lines = reportLines(overview, lists, Math.max(3, Math.floor(room / 3)))
  return (
    CLEAR_SCREEN +
    lines
      .slice(0, room)
      .map((line) => fit(line, screen.columns))
      .join('\n')
  )
}

async function rest(ms: number, stop: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: stop }).catch(() => {})
}
