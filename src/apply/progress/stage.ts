/**
 * The work of track-progress on the stream: it counts what passes and writes rows beside it.
 * Holds some 600 bytes a group, for at most 100,000 groups, and what the journals of --resume take.
 */
import { ERROR_CODES, type RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Group, Schema } from '../../stage/progress/place.ts'
import { placeOf } from '../../stage/progress/place.ts'
import type { Context, Stage } from '../../stage/stage.ts'
import type { AwsSettings } from '../../store/contract.ts'
import type { Field } from './groups.ts'
import { count, Groups, settledOf } from './groups.ts'
import { Journals } from './journals.ts'
import { planLines } from './plan.ts'
import { Publisher } from './publisher.ts'
import { Reporter } from './reporter.ts'
import type { Writer } from './row.ts'

export interface TrackOptions {
  readonly location: string
  readonly schema: Schema
  readonly fields: readonly Field[]
  /** rows are written when one of the two has passed */
  readonly every: { readonly records: number } | { readonly ms: number }
  readonly plan: string | undefined
  readonly total: number | undefined
  readonly completesAtEnd: boolean
  readonly resume: readonly string[]
  readonly share: string
  readonly writer: Writer
  readonly aws?: AwsSettings
}

/** How long the first record waits for a store that may say that the command is wrong. */
const OPENING_MS = 2_000
/** How long the end of a run waits for its last rows. */
const CLOSING_MS = 30_000
/** A row is written anew so often where records make the rounds, so that its host is seen to live. */
const ALIVE_MS = 30_000

export function trackStage(options: TrackOptions): Stage {
  return async function* (batches, context) {
    const place = placeOf(options.location, options.schema)
    const groups = new Groups(options.fields)
    await readPlan(options, groups, context)
    const journals = options.resume.length === 0 ? undefined : await readJournals(options, groups, context)
    const reporter = new Reporter(options, place, groups, context)
    const publisher = new Publisher(reporter, context)
    await refuseWhatIsWrong(reporter)
    const everyMs = 'ms' in options.every ? options.every.ms : ALIVE_MS
    const everyRecords = 'records' in options.every ? options.every.records : Number.POSITIVE_INFINITY
    publisher.publish()
    const timer = setInterval(() => {
      reporter.touch()
      publisher.publish()
    }, everyMs)
    let passed = 0
    let isWhole = false
    try {
      for await (const batch of batches) {
        for (const line of batch) {
          const entry = journals?.enter(line.record)
          if (entry?.instead !== undefined) count(groups.tallyFor(line.record), entry.instead, -1)
          if (entry?.counts !== false) groups.add(line)
        }
        passed += batch.length
        if (passed >= everyRecords) {
          passed = 0
          publisher.publish()
        }
        yield batch
      }
      isWhole = !context.stop.aborted
    } finally {
      clearInterval(timer)
      if (groups.isFull) context.warn('more groups than are told apart; those that came last are counted as one')
      reporter.end(isWhole)
      await publisher.finish(CLOSING_MS)
    }
  }
}

async function readPlan({ plan, total, fields }: TrackOptions, groups: Groups, context: Context): Promise<void> {
  if (total !== undefined) groups.tallyOf(groupOfAll()).total = total
  if (plan === undefined) return
  for await (const batch of planLines(plan, context)) {
    for (const line of batch) {
      const tally = groups.tallyFor(fields.length === 0 ? (line.open ?? line.record) : line.record)
      tally.total = (tally.total ?? 0) + 1
    }
  }
}

async function readJournals({ resume }: TrackOptions, groups: Groups, context: Context): Promise<Journals> {
  const journals = new Journals()
  await journals.read(resume, context, (record, { instead }) => {
    const tally = groups.tallyFor(record)
    if (instead !== undefined) count(tally, instead, -1)
    count(tally, record, 1)
  })
  for (const tally of groups.all) tally.settledAtStart = settledOf(tally)
  return journals
}

/** A store that is down may come back; a location that names none never will, and is told before anything has passed. */
async function refuseWhatIsWrong(reporter: Reporter): Promise<void> {
  const waiting = new AbortController()
  const waited = new Promise<undefined>((resolve) => {
    const timer = setTimeout(resolve, OPENING_MS, undefined)
    waiting.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  })
  const opened = reporter.open().then(() => undefined, toRekeyError)
  const error: RekeyError | undefined = await Promise.race([opened, waited])
  waiting.abort()
  if (error !== undefined && ERROR_CODES[error.code][0] === 'fix the command') throw error
}

function groupOfAll(): Group {
  return { customer: '*', space: '*' }
}
