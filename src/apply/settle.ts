/** Writes what became of a record into its line. */
import type { Line } from '../record/line.ts'
import { addDone, hasVerdict, NO_VERDICT, setFields } from '../record/line.ts'
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

/** As `settle`, for a copy: what was verified is out of date, and what an earlier one has lost is not said of this one. */
export function settleCopy(line: Line, settlement: Settlement, stamp: Stamp): Line {
  if (!isUsual(settlement) || !isNew(line)) {
    const anew = settlement.outcome === 'done' ? { lost: settlement.lost, ...NO_VERDICT } : NO_VERDICT
    return settle(line, settlement, stamp, anew)
  }
  addDone(line, settlement.etag, stamp.ms, stamp.at)
  return line
}

/** Done, and nothing else to be said. */
function isUsual(settlement: Settlement): settlement is { readonly outcome: 'done'; readonly etag?: string } {
  if (settlement.outcome !== 'done') return false
  for (const name in settlement) if (name !== 'outcome' && name !== 'etag') return false
  return true
}

function isNew(line: Line): boolean {
  // An open record has none of what another outcome or verdict would have to take the place of.
  if (line.open !== undefined) return line.open.outcome === undefined
  const { outcome, reason, toEtag, lost, tries, ms, at } = line.record
  return [outcome, reason, toEtag, lost, tries, ms, at].every((said) => said === undefined) && !hasVerdict(line)
}

/** The fields of one outcome take the place of those of an earlier one; `more` fields are set, or taken out, with them. */
export function settle(
  line: Line,
  settlement: Settlement,
  stamp: Stamp,
  more: Partial<Record<keyof KeyRecord, unknown>>,
): Line {
  const { outcome } = settlement
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
