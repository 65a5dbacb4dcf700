/** An entry as the line that list-keys prints. */
import type { Line } from '../record/line.ts'
import type { KeyRecord } from '../record/record.ts'
import { keyFields } from '../record/record.ts'
import type { Entry } from '../store/contract.ts'

export function entryLine(location: string, entry: Entry): Line {
  const record: KeyRecord = { store: location, ...keyFields(entry.key) }
  if (entry.sizeBytes !== undefined) record.size = entry.sizeBytes
  if (entry.etag !== undefined) record.etag = entry.etag
  if (entry.mtimeMs !== undefined) record.mtime = new Date(entry.mtimeMs).toISOString()
  if (entry.mode !== undefined) record.mode = octal(entry.mode)
  if (entry.type !== undefined) record.type = entry.type
  if (entry.expiresMs !== undefined) record.expires = new Date(entry.expiresMs).toISOString()
  if (entry.version !== undefined) record.version = entry.version
  if (entry.latest !== undefined) record.latest = entry.latest
  Object.assign(record, entry.value)
  return { text: JSON.stringify(record), record }
}

/** Permission bits as four octal digits, as chmod takes them. */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
