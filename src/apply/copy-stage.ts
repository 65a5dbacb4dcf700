/**
 * The work of copy-apply on the stream.
 * Holds the jobs in flight, and 12 to 16 bytes for each record that --resume and --intents name.
 */
import type { RekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import { setFields } from '../record/line.ts'
import type { KeyRecord } from '../record/record.ts'
import { KeyLimit } from '../stage/key-limit.ts'
import { parallel } from '../stage/parallel.ts'
import type { Appender, Context, Stage } from '../stage/stage.ts'
import { StoreGroups } from '../stage/store-groups.ts'
import { runJob } from './copy-job.ts'
import type { IfExists } from './if-exists.ts'
import { settle } from './settle.ts'
import { Settled } from './settled.ts'
import type { Task } from './task.ts'
import { taskOf } from './task.ts'
import type { Job, Settlement, Work } from './work.ts'

export interface CopyOptions {
  readonly dryRun: boolean
  readonly ifExists: IfExists
  /** keys in flight at once; undefined for what suits the destination */
  readonly concurrency: number | undefined
  readonly ratePerSecond: number | undefined
  readonly retries: number
  readonly retry: boolean
  readonly resume: readonly string[]
  readonly intents: string | undefined
  readonly mtimeFields: readonly string[]
}

export function copyStage(options: CopyOptions): Stage {
  return async function* (batches, context) {
    const settled = new Settled()
    await settled.readJournals(options.resume, options.retry, context)
    const intents = await openIntents(options, settled, context)
    const settings = {
      ifExists: options.ifExists,
      dryRun: options.dryRun,
      retries: options.retries,
      isInDoubt: ({ line }: Work) => settled.isInDoubt(line.record),
      note: async (works: readonly Work[]) => await intents?.append(intentLines(works)),
    }
    const limit = new KeyLimit(options.concurrency)
    try {
      yield* parallel(
        jobsOf(batches, settled, limit, options.retry, context),
        () => limit.batches,
        context.stop,
        async (job) => {
          if ('passing' in job) return job.passing
          const started = context.now()
          const settlements = await runJob(job, settings, context)
          const ended = context.now()
          const stamp = { ms: ended - started, at: new Date(ended).toISOString() }
          return job.items.map(({ line }, at) => settle(line, settlements[at] as Settlement, stamp))
        },
      )
    } finally {
      await intents?.close()
    }
  }
}

async function* jobsOf(
  batches: AsyncIterable<readonly Line[]>,
  settled: Settled,
  limit: KeyLimit,
  retry: boolean,
  context: Context,
): AsyncGenerator<Job | { readonly passing: readonly Line[] }> {
  for await (const batch of batches) {
    const passing: Line[] = []
    const groups = new StoreGroups<Work>()
    let before = 0
    for (const line of batch) {
      if (settled.has(line.record)) {
        before++
        continue
      }
      const task = taskOf(line.record, retry)
      if (task.kind === 'copy' || task.kind === 'put') {
        addWork(groups, line, task)
        continue
      }
      if (task.kind === 'fail') refuse(line, task.error)
      if (task.kind === 'skip') setFields(line, { outcome: 'skipped', reason: task.reason, error: undefined })
      passing.push(line)
    }
    if (before > 0) context.count('settled before', before)
    yield* groups.open(
      context,
      (dest) => limit.sizeFor(dest),
      (works, error) => {
        for (const { line } of works) refuse(line, error)
        passing.push(...works.map((work) => work.line))
      },
    )
    if (passing.length > 0) yield { passing }
  }
}

function addWork(groups: StoreGroups<Work>, line: Line, task: Task & { kind: 'copy' | 'put' }): void {
  const put = task.kind === 'put'
  const pair = { from: put ? task.to : task.from, to: task.to }
  groups.add({ line, put, pair }, put ? task.dest : task.source, task.dest, task.kind)
}

async function openIntents(options: CopyOptions, settled: Settled, context: Context): Promise<Appender | undefined> {
  if (options.intents === undefined || options.dryRun) return undefined
  const appender = await context.appendTo(options.intents)
  await settled.readIntents(options.intents, context)
  return appender
}

/** What identifies each record, a line each. A newline first, because a crash may have torn the last line. */
function intentLines(works: readonly Work[]): Buffer {
  let text = '\n'
  for (const { line } of works) text += `${JSON.stringify(intentOf(line.record))}\n`
  return Buffer.from(text, 'utf8')
}

function intentOf({ store, key, key64, to, to64, toStore }: KeyRecord): KeyRecord {
  return {
    ...(store === undefined ? {} : { store }),
    ...(key === undefined ? { key64: key64 as string } : { key }),
    ...(to === undefined ? {} : { to }),
    ...(to64 === undefined ? {} : { to64 }),
    ...(toStore === undefined ? {} : { toStore }),
  }
}

function refuse(line: Line, error: RekeyError): void {
  setFields(line, { outcome: 'failed', reason: undefined, error: error.toFailure() })
}
