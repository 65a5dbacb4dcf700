/**
 * shard-keys as a divider: writes the records into parts of even weight. Prints the records that could not be placed. The
 * lines themselves are in scratch files. Holds 16 MB of them (4 kB a part where that is more), with --by what it is by
 * for each group, with --weight alone 16 MB.
 */

import { RekeyError } from '../../record/errors.ts'
import type { Line } from '../../record/line.ts'
import { recordKey } from '../../record/record.ts'
import type { Context, Stage } from '../../stage/stage.ts'
import { joinedFields } from '../done-keys.ts'
import type { FieldPath } from '../field-path.ts'
import { fieldText } from '../field-path.ts'
import type { Divider, Item } from './divider.ts'
import { dividerFor } from './divider.ts'
import { failForField } from './filter-stage.ts'
import { PartSpool } from './part-spool.ts'
import { manifestOf, PlanWriter } from './plan-writer.ts'

export interface PartsOptions {
  readonly parts: number
  readonly out: string
  /** what is never divided; each record by itself where it is undefined */
  readonly by: readonly FieldPath[] | undefined
  /** a number in each record; 1 where it is undefined */
  readonly weight: FieldPath | undefined
}

export function partsStage(options: PartsOptions): Stage {
  return async function* (batches, context) {
    const writer = await PlanWriter.open(options.out, context)
    const openScratch = () => context.scratch()
    const spool = new PartSpool(options.parts, openScratch)
    const how = options.by !== undefined ? 'groups' : options.weight !== undefined ? 'weighted' : 'even'
    const divider = dividerFor(how, options.parts, spool, openScratch)
    try {
      for await (const batch of batches) {
        const refused: Line[] = []
        for (const line of batch) {
          const item = itemOf(line, options)
          const full = 'text' in item ? void refused.push(item) : divider.add(item)
          if (full !== undefined) await full
        }
        await divider.settle()
        if (refused.length > 0) yield refused
      }
      if (context.stop.aborted) return context.warn('stopped before the whole input was read: no part was written')
      await divider.finish()
      await write(writer, spool, divider, context)
    } finally {
      divider.close()
      spool.close()
    }
  }
}

async function write(writer: PlanWriter, spool: PartSpool, divider: Divider, context: Context): Promise<void> {
  const weights = (part: number) => divider.weightOf(part)
  const manifest = manifestOf(await spool.finish(), weights, new Date(context.now()).toISOString())
  if (!Number.isFinite(manifest.weight)) throw tooHeavy()
  const there = await writer.write(manifest, (part) => () => spool.bytes(part))
  if (there === undefined) return context.warn('stopped before all parts were written; run it again on the same input')
  if (manifest.count > 0) context.count('in parts', manifest.count)
  if (there > 0) context.tell(`${there} of ${manifest.parts.length} parts were there already, of this same plan`)
}

/** What no manifest can say, and by which no part is lighter than another. */
function tooHeavy(): RekeyError {
  return new RekeyError(
    'E_USAGE',
    '--weight: all weights together are beyond the numbers (1.8e308), so no part was written; give them in larger units',
  )
}

/** What is to be placed, or the line where it cannot be: one that is no record, or lacks what --by or --weight names. */
function itemOf(line: Line, { by, weight }: PartsOptions): Item | Line {
  if (recordKey(line.open ?? line.record) === undefined) return line
  const group = by === undefined ? undefined : joinedFields(by, line)
  if (by !== undefined && group === undefined) return failForField(line, '--by', by)
  const units = weight === undefined ? 1 : weightOf(line, weight)
  if (weight !== undefined && units === undefined) return failForField(line, '--weight', [weight])
  return { lineText: line.text, weight: units as number, group }
}

/** A number of 0 or more, also as text. */
function weightOf(line: Line, path: FieldPath): number | undefined {
  const text = fieldText(path, line)
  if (typeof text !== 'string' || !/^[\d.]/.test(text)) return undefined
  const weight = Number(text)
  return Number.isFinite(weight) ? weight : undefined
}
