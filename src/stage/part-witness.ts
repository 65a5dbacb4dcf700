/** The witness of a part is no record of a key: to a tool that works on keys it would say `done` of what nobody has looked at. */
import { RekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'

/** Why the line of a part that run-parts has done is no work for a tool; undefined for every other line. Pure. */
export function witnessProblem(line: Line): RekeyError | undefined {
  const { outcome, to, to64 } = line.open ?? line.record
  if (outcome !== 'done' || to !== undefined || to64 !== undefined) return undefined
  const { part, worker, token, counts, journal } = line.record as WitnessFields
  if (typeof part !== 'string' || typeof worker !== 'string' || typeof token !== 'number' || counts === undefined) {
    return undefined
  }
  const message = `the witness of ${part}, which run-parts prints, has no field "to" and is no record of a key; those of the part are in ${journal}, beside the parts`
  return new RekeyError('E_FIELD', message)
}

interface WitnessFields {
  readonly part?: unknown
  readonly worker?: unknown
  readonly token?: unknown
  readonly counts?: unknown
  readonly journal?: unknown
}
