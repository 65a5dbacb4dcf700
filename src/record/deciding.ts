/**
 * Every field of a record, and whether tools decide by it. A line that has none of the deciding ones behind its key need
 * not be parsed to go through. A field that is new to KeyRecord does not compile until it is decided about here.
 */
import type { KeyRecord } from './record.ts'

export const DECIDES = {
  store: true,
  key: true,
  key64: true,
  size: false,
  etag: false,
  mtime: false,
  mode: false,
  type: false,
  expires: false,
  version: false,
  latest: false,
  value: false,
  value64: false,
  to: true,
  to64: true,
  toStore: true,
  op: true,
  outcome: true,
  reason: true,
  error: true,
  toEtag: true,
  lost: true,
  headers: false,
  tags: false,
  tries: true,
  ms: true,
  at: true,
  verified: true,
  proof: true,
  digest: true,
  toDigest: true,
  differs: true,
  deleted: true,
  marker: true,
  input: true,
  input64: true,
} as const satisfies Readonly<Record<keyof KeyRecord, boolean>>

type Deciding = {
  [Field in keyof typeof DECIDES]: (typeof DECIDES)[Field] extends true ? Field : never
}[keyof KeyRecord]

/** A record of which only these fields are known; whoever reads another one needs the whole. */
export type OpenRecord = Pick<KeyRecord, Deciding>
