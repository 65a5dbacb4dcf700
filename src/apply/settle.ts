/** Writes what became of a record into its line. */
import type { Line } from '../record/line.ts'
import { addDone, NO_VERDICT, setFields } from '../record/line.ts'
import type { KeyRecord } from '../record/record.ts'
import type { Settlement } from './work.ts'

/** When a write was answered, and how long that took. */
export interface Stamp {
  readonly ms: number
  readonly at: string
}

/** Both times in milliseconds since 1970. */
export function stampOf(startedMs: number, endedMs: number): Stamp {
  return { ms: endedMs - startedMs, at: new Date(endedMs).toISOString() }
}

/** The fields of one outcome take the place of those of an earlier one; `more` fields are set, or taken out, with them. */
export function settle(
  line: Line,
  settlement: Settlement,
  stamp: Stamp,
  more: Partial<Record<keyof KeyRecord, unknown>>,
): Line {
  const { outcome } = settlement
  const { open } = line
  // Such a record has none of what another outcome or verdict would have to take the place of.
  if (open !== undefined && open.outcome === undefined && more === NO_VERDICT && isPlainDone(settlement)) {
    addDone(line, open, stamp.ms, stamp.at)
    return line
  }
  setFields(line, {
    outcome,
    reason: 'reason' in settlement ? settlement.reason : undefined,
    error: 'error' in settlement ? settlement.error.toFailure() : undefined,
    toEtag: 'etag' in settlement ? settlement.etag : line.record.toEtag,
    lost: 'lost' in settlement ? settlement.lost : line.record.lost,
    headers: 'headers' in settlement ? settlement.headers : line.record.headers,
    tags: 'tags' in settlement ? settlement.tags : line.record.tags,
    tries: 'tries' in settlement ? settlement.tries : undefined,
    ...(outcome === 'done' || outcome === 'unknown' ? stamp : {}),
    ...more,
  })
  return line
}

/** Written, and nothing else to tell of it. */
function isPlainDone(settlement: Settlement): boolean {
  for (const name in settlement) if (name !== 'outcome') return false
  return settlement.outcome === 'done'
}
