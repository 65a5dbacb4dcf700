/**
 * The work of subtract-keys: hands on the records that are not among the done ones.
 * Holds one batch, and of the done ones 12 to 16 bytes each; with --sorted one batch of each source instead.
 */
import { RekeyError } from '../record/errors.ts'
import { FingerprintSet } from '../record/fingerprint-set.ts'
import type { Key } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { settleFailed, settleSkipped } from '../record/line.ts'
import type { Context, Stage } from '../stage/stage.ts'
import type { Done, DoneSource } from './done-keys.ts'
import { joinedFields, openDone } from './done-keys.ts'
import type { FieldPath } from './field-path.ts'
import { SortedDone } from './sorted-done.ts'

export interface SubtractOptions {
  /** files and locations */
  readonly done: readonly string[]
  /** the fields by which records are matched: those of the input and, in the same order, those of --done */
  readonly fields: readonly FieldPath[]
  readonly doneFields: readonly FieldPath[]
  /** input and --done are in the order of their keys' bytes */
  readonly sorted: boolean
  /** what is done comes out too, as skipped */
  readonly markDone: boolean
}

export function subtractStage(options: SubtractOptions): Stage {
  return async function* (batches, context) {
    const sources: DoneSource[] = []
    for (const name of options.done) sources.push(await openDone(name, options.doneFields, context))
    const done = options.sorted ? new SortedDone(sources) : await readAll(sources, context)
    try {
      for await (const batch of batches) {
        // A listing that was stopped half way does not tell what is not done.
        if (context.stop.aborted) return
        const { failure, left } = await subtract(batch, done, options, context)
        if (left.length > 0) yield left
        if (failure !== undefined) throw failure
      }
    } finally {
      await done.close()
    }
  }
}

/** The lines of a batch that are left, up to where the order is broken, if it is. */
async function subtract(
  batch: readonly Line[],
  done: Done,
  { fields, markDone }: SubtractOptions,
  context: Context,
): Promise<{ left: readonly Line[]; failure?: RekeyError | undefined }> {
  const keys = batch.map((line) => matchOf(line, fields))
  const asked = keys.filter((key) => key !== undefined)
  const { found, failure } = await done.hasAll(asked)
  const left: Line[] = []
  let answered = 0
  let subtracted = 0
  for (const [at, line] of batch.entries()) {
    if (keys[at] === undefined) left.push(line)
    else if (answered === found.length) break
    else if (!found[answered++]) left.push(line)
    else if (markDone) left.push(settleSkipped(line, 'done-before'))
    else subtracted++
  }
  if (subtracted > 0) context.count('done before', subtracted)
  return { left, failure }
}

/** What the record is matched by; undefined for one that passes: it is settled, or fails here for want of a field. */
function matchOf(line: Line, fields: readonly FieldPath[]): Key | undefined {
  const { outcome, key, key64 } = line.open ?? line.record
  if (outcome !== undefined || (key === undefined && key64 === undefined)) return undefined
  const match = joinedFields(fields, line)
  if (match !== undefined) return match
  const names = fields.map((field) => field.join('.')).join(', ')
  const error = new RekeyError('E_FIELD', `--on: the record lacks ${names}, or it is no text or number`)
  settleFailed(line, error.toFailure())
  return undefined
}

async function readAll(sources: readonly DoneSource[], context: Context): Promise<Done> {
  const keys = new FingerprintSet()
  for (const source of sources) {
    for await (const batch of source.batches()) {
      for (const key of batch) keys.add(key)
      if (context.stop.aborted) break
    }
  }
  return { hasAll: async (asked) => ({ found: keys.hasAll(asked) }), close: async () => {} }
}
