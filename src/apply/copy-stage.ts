/**
 * The work of copy-apply on the stream.
 * Holds the jobs in flight, and 12 to 16 bytes for each record that --resume and --intents name.
 */
import type { OpenRecord } from '../record/deciding.ts'
import { RekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import { settleFailed, settleSkipped } from '../record/line.ts'
import { openMember } from '../record/open-line.ts'
import type { KeyRecord } from '../record/record.ts'
import { workByStores } from '../stage/by-stores.ts'
import type { Rate } from '../stage/rate.ts'
import type { Appender, Context, Stage } from '../stage/stage.ts'
import type { Placement } from '../stage/store-groups.ts'
import type { AwsSettings, Evidence, Pair } from '../store/contract.ts'
import { runJob } from './copy-job.ts'
import { Forecast } from './forecast.ts'
import type { IfExists } from './if-exists.ts'
import { readPrices } from './prices.ts'
import { settleCopy, stampOf } from './settle.ts'
import { Settled } from './settled.ts'
import type { Task } from './task.ts'
import { taskOf } from './task.ts'
import type { Settlement, Work } from './work.ts'

export interface CopyOptions {
  readonly dryRun: boolean
  readonly ifExists: IfExists
  /** keys in flight at once; undefined for what suits the destination */
  readonly concurrency: number | undefined
  readonly rate: Rate
  readonly retries: number
  readonly retry: boolean
  readonly resume: readonly string[]
  readonly intents: string | undefined
  /** hours: only uploads that are idle so long are ended, and nothing is copied */
  readonly cleanUploads: number | undefined
  readonly mtimeFields: readonly string[]
  /** the file of --prices */
  readonly prices: string | undefined
  readonly aws?: AwsSettings
}

export function copyStage(options: CopyOptions): Stage {
  return async function* (batches, context) {
    const settled = new Settled()
    await settled.readJournals(options.resume, context)
    const intents = await openIntents(options, settled, context)
    const forecast = options.dryRun
      ? new Forecast(await readPrices(options.prices, context), options.rate.ratePerSecond)
      : undefined
    const settings = {
      forecast,
      ifExists: options.ifExists,
      dryRun: options.dryRun,
      retries: options.retries,
      // A write that was answered with a failure is in no doubt.
      isInDoubt: ({ line }: Work) => line.cameAs !== 'failed' && settled.isInDoubt(line.open ?? line.record),
      note: async (works: readonly Work[]) => await intents?.append(intentLines(works)),
    }
    let [came, known] = [0, 0]
    try {
      yield* workByStores<Work>(batches, context, {
        concurrency: options.concurrency,
        ratePerSecond: options.rate.ratePerSecond,
        place(line) {
          came++
          if (!settled.has(line.open ?? line.record)) return placeLine(line, options.retry)
          known++
          context.count('settled before', 1)
          return undefined
        },
        refuse: ({ line }, error) => settleFailed(line, error.toFailure()),
        async work(job) {
          const started = context.now()
          const settlements = await runJob(job, settings, context)
          const stamp = stampOf(started, context.now())
          const lines: Line[] = []
          for (let at = 0; at < job.items.length; at++) {
            lines.push(settleCopy((job.items[at] as Work).line, settlements[at] as Settlement, stamp))
          }
          return lines
        },
      })
      const isOther = settled.size > 0 && came > 0 && known === 0 && !context.stop.aborted
      if (isOther) context.warn(otherPlan(options.resume, settled.size))
      const foreseen = forecast?.toText()
      if (foreseen !== undefined) context.tell(foreseen)
    } finally {
      await intents?.close()
    }
  }
}

/** Nothing was done wrong by it: what was there already was skipped. But what the journal tells is of something else. */
function otherPlan(journals: readonly string[], size: number): string {
  const many = `${size.toLocaleString('en-US')} record${size === 1 ? '' : 's'}`
  return `--resume: ${journals.join(', ')} settles ${many}, and none of them is in this plan: is it the journal of another?`
}

/** The write that a line asks for, or the line with what became of it. */
function placeLine(line: Line, retry: boolean): Placement<Work> | Line {
  const { store, key, to, outcome } = line.open ?? {}
  const isUsual = store !== undefined && key !== undefined && to !== undefined && to !== key && outcome === undefined
  if (!isUsual || BEYOND_OPEN.test(line.text)) return placeTask(line, taskOf(line.record, retry))
  const source = openSource(line.text)
  const pair = source === undefined ? { from: key, to } : { from: key, to, source }
  return { item: { line, put: false, pair }, source: store, dest: store }
}

/** What a copy is decided by and an open record does not hold: latest, the type of a delete marker, an etag that is no text. */
const BEYOND_OPEN = /"(?:latest|delete-marker)"|"etag":[^"]|"size":[^\d]/

/** As `sourceOf`, of an open line. */
function openSource(text: string): Evidence | undefined {
  const etag = openMember(text, 'etag')
  if (etag === undefined) return undefined
  const size = openMember(text, 'size')
  return size === undefined ? { etag: etag.slice(1, -1) } : { etag: etag.slice(1, -1), sizeBytes: Number(size) }
}

/** The write that a task asks for, or its line with what became of it. */
function placeTask(line: Line, task: Task): Placement<Work> | Line {
  switch (task.kind) {
    case 'settled':
      return line
    case 'fail':
      return settleFailed(line, task.error.toFailure())
    case 'skip':
      return settleSkipped(line, task.reason)
    case 'put':
      return {
        item: { line, put: true, pair: { from: task.to, to: task.to } },
        source: task.dest,
        dest: task.dest,
        kind: 'put',
      }
    case 'copy':
      return {
        item: { line, put: false, pair: { from: task.from, to: task.to, ...sourceOf(line.record) } },
        source: task.source,
        dest: task.dest,
      }
  }
}

/** What the source was when it was listed, where the listing knows a name for its content. */
function sourceOf({ etag, size }: KeyRecord): Pick<Pair, 'source'> {
  if (etag === undefined) return {}
  return { source: { etag, ...(size === undefined ? {} : { sizeBytes: size }) } }
}

async function openIntents(options: CopyOptions, settled: Settled, context: Context): Promise<Appender | undefined> {
  if (options.intents === undefined || options.dryRun) return undefined
  const appender = await context.appendTo(options.intents)
  const count = await settled.readIntents(options.intents, context).catch(async (error: unknown) => {
    await appender.close()
    throw error
  })
  if (count === 0 || options.resume.length > 0 || options.retry) return appender
  await appender.close()
  const message = `--intents: ${options.intents} is of an earlier run: name its journal with --resume, or another file here`
  throw new RekeyError('E_USAGE', message)
}

/** What identifies each record, a line each. A newline first, because a crash may have torn the last line. */
function intentLines(works: readonly Work[]): Buffer {
  let text = '\n'
  for (const { line } of works) text += `${JSON.stringify(intentOf(line.open ?? line.record))}\n`
  return Buffer.from(text, 'utf8')
}

function intentOf({ store, key, key64, to, to64, toStore }: OpenRecord): KeyRecord {
  return {
    ...(store === undefined ? {} : { store }),
    ...(key === undefined ? { key64: key64 as string } : { key }),
    ...(to === undefined ? {} : { to }),
    ...(to64 === undefined ? {} : { to64 }),
    ...(toStore === undefined ? {} : { toStore }),
  }
}
