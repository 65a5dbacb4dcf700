/** What a record asks of copy-apply. Pure. */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText, sameKey } from '../record/key.ts'
import type { KeyRecord, Reason } from '../record/record.ts'
import { recordKey, recordTo } from '../record/record.ts'

export type Task =
  /** an earlier tool or run has dealt with it: it passes through */
  | { readonly kind: 'settled' }
  | { readonly kind: 'fail'; readonly error: RekeyError }
  | { readonly kind: 'skip'; readonly reason: Reason }
  /** `from` in store `source` to `to` in store `dest` */
  | { readonly kind: 'copy'; readonly source: string; readonly from: Key; readonly dest: string; readonly to: Key }
  /** the record's own value to `to` in store `dest` */
  | { readonly kind: 'put'; readonly dest: string; readonly to: Key }

/** Types whose content is bytes and nothing else. */
const PLAIN_TYPES = ['file', 'string']
/** What a listing with versions calls a version that hides the key. */
const DELETE_MARKER = 'delete-marker'

/** With `retry`, records that failed or are unknown are open again, but for lines that were no records. */
export function taskOf(record: KeyRecord, retry: boolean): Task {
  if (isSettled(record, retry)) return { kind: 'settled' }
  const from = recordKey(record)
  if (from === undefined) return { kind: 'settled' }
  if (record.store === undefined) return lacks('store', from, 'list-keys sets it')
  const dest = record.toStore ?? record.store
  const to = recordTo(record)
  if (record.op === 'put') return putTask(record, dest, to ?? from)
  if (to === undefined) return lacks('to', from, 'rewrite-keys sets it')
  if (record.latest === false || record.type === DELETE_MARKER) return oldVersion(record, from)
  if (dest === record.store && sameKey(from, to)) return { kind: 'skip', reason: 'same-key' }
  return { kind: 'copy', source: record.store, from, dest, to }
}

function isSettled({ outcome, error }: KeyRecord, retry: boolean): boolean {
  if (outcome === undefined || outcome === 'planned') return false
  // What rewrite-keys has refused stays refused: which of two would win is not for a retry to decide.
  if (error?.code === 'E_COLLISION') return true
  return !(retry && (outcome === 'failed' || outcome === 'unknown'))
}

function putTask(record: KeyRecord, dest: string, to: Key): Task {
  if (record.value === undefined && record.value64 === undefined) return lacks('value', to, 'op "put" writes it')
  if (record.type !== undefined && !PLAIN_TYPES.includes(record.type)) {
    const message = `${keyText(to)} is a ${record.type}: op "put" writes plain content; op "copy" keeps the type`
    return { kind: 'fail', error: new RekeyError('E_TYPE', message) }
  }
  return { kind: 'put', dest, to }
}

/** A copy by its key would be one of the latest version, under the name of an older one. */
function oldVersion({ type }: KeyRecord, key: Key): Task {
  const what = type === DELETE_MARKER ? 'a delete marker, which has no content' : 'not the latest version of its key'
  const message = `${keyText(key)} is ${what}: copy-apply copies what a plain read gets`
  return { kind: 'fail', error: new RekeyError('E_UNSUPPORTED', message) }
}

function lacks(field: string, key: Key, hint: string): Task {
  return { kind: 'fail', error: new RekeyError('E_FIELD', `${keyText(key)} has no field "${field}": ${hint}`) }
}
