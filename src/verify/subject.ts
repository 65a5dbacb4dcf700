/** Which records verify judges, and what it holds against what. Pure. */
import type { OpenRecord } from '../record/deciding.ts'
import type { Key } from '../record/key.ts'
import { sameKey } from '../record/key.ts'
import type { KeyRecord, Reason } from '../record/record.ts'
import { recordKey, recordTo } from '../record/record.ts'
import type { Entry } from '../store/contract.ts'

export interface Subject {
  readonly source: string
  readonly from: Key
  readonly dest: string
  readonly to: Key
  /** the destination is held against the record's own value */
  readonly put: boolean
}

/** Skipped records of which the destination may hold what it should all the same. */
const WORTH_A_LOOK: readonly (Reason | undefined)[] = ['exists', 'not-newer']

/**
 * A record that says, or may say, that its destination holds its content. Undefined for every other: failed ones, those
 * that were not to be moved, those whose source or destination delete-apply has removed.
 */
export function subjectOf(record: OpenRecord): Subject | undefined {
  const { outcome, store } = record
  if (outcome === 'failed' || record.deleted !== undefined || store === undefined) return undefined
  if (outcome === 'skipped' && !WORTH_A_LOOK.includes(record.reason)) return undefined
  const from = recordKey(record)
  if (from === undefined) return undefined
  const put = record.op === 'put'
  const to = recordTo(record) ?? (put ? from : undefined)
  if (to === undefined) return undefined
  const dest = record.toStore ?? store
  return !put && dest === store && sameKey(from, to) ? undefined : { source: store, from, dest, to, put }
}

/** Whether the source is no longer what the record says it was when it was listed. */
export function changedSinceListing(record: KeyRecord, source: Entry): boolean {
  return (
    (record.size !== undefined && source.sizeBytes !== undefined && record.size !== source.sizeBytes) ||
    (record.etag !== undefined && source.etag !== undefined && record.etag !== source.etag) ||
    (record.mtime !== undefined && source.mtimeMs !== undefined && Date.parse(record.mtime) !== source.mtimeMs)
  )
}
