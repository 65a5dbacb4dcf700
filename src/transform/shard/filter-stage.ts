/** shard-keys as a filter: hands on the records of one shard, to the letter. Holds one batch. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Line } from '../../record/line.ts'
import { settleFailed } from '../../record/line.ts'
import { recordKey } from '../../record/record.ts'
import type { Stage } from '../../stage/stage.ts'
import { joinedFields } from '../done-keys.ts'
import type { FieldPath } from '../field-path.ts'
import { Sharder } from './shard-of.ts'

export interface FilterOptions {
  /** from 0 */
  readonly index: number
  readonly of: number
  /** what is kept together; the key where it is undefined */
  readonly by: readonly FieldPath[] | undefined
}

export function filterStage({ index, of, by }: FilterOptions): Stage {
  return async function* (batches, context) {
    const sharder = new Sharder(of)
    for await (const batch of batches) {
      const mine = batch.filter((line) => sharder.shardOf(shardingKey(line, by)) === index)
      if (mine.length < batch.length) context.count('of other shards', batch.length - mine.length)
      if (mine.length > 0) yield by === undefined ? mine : mine.map((line) => checked(line, by))
    }
  }
}

/** What the shard hangs on: each line is in just one, also one without the field, and one that is no record. */
function shardingKey(line: Line, by: readonly FieldPath[] | undefined): Key {
  const group = by === undefined ? undefined : joinedFields(by, line)
  return group ?? recordKey(line.open ?? line.record) ?? line.text
}

function checked(line: Line, by: readonly FieldPath[]): Line {
  return lacks(line, by) ? failForField(line, '--by', by) : line
}

function lacks(line: Line, by: readonly FieldPath[]): boolean {
  return joinedFields(by, line) === undefined
}

/** A record without the fields that the flag names; one that is settled stays as it came. */
export function failForField(line: Line, flag: string, fields: readonly FieldPath[]): Line {
  if (line.record.outcome !== undefined) return line
  const names = fields.map((field) => field.join('.')).join(', ')
  return settleFailed(
    line,
    new RekeyError('E_FIELD', `${flag}: the record has no ${names} of the kind that is needed`).toFailure(),
  )
}
