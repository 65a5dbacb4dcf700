/**
 * The record: one line about one key, to which every tool only adds. docs/records.md is its manual and
 * docs/record.schema.json its schema.
 */
import type { Failure } from './errors.ts'
import type { Key } from './key.ts'
import { keyOf } from './key.ts'

export const OUTCOMES = ['planned', 'done', 'skipped', 'failed', 'unknown'] as const
export type OutcomeWord = (typeof OUTCOMES)[number]

/** Every word that can stand as `reason`, and what it says. */
export const REASONS = {
  unchanged: 'the rules leave the key as it is',
  'done-before': 'it is among what --done names',
  duplicate: 'the same source was listed before in this stream',
  collision: 'another record has the new key, and --on-collision chose that one',
  'same-key': 'source and destination are the same key of the same store',
  exists: 'the destination was there before, and was left as it is',
  'not-newer': 'the destination was there before and is not older than the source',
  gone: 'the key is no longer there',
  'dry-run': 'nothing was written because of --dry-run',
  replaced: 'the destination was there before and has been replaced',
  merged: 'the destination was there before and has taken up what it lacked',
  'not-verified': 'the record is not verified, so nothing was deleted',
  'not-created': 'this run did not create the destination, so it is not removed',
  restored: 'the delete marker was taken away, and the key is back',
} as const satisfies Record<string, string>
export type Reason = keyof typeof REASONS

/** How strong a proof is, the weakest first. */
export const PROOFS = ['size', 'etag', 'checksum', 'digest', 'bytes'] as const
export type Proof = (typeof PROOFS)[number]

export type Operation = 'copy' | 'put'

/** The fields that rekey knows. Any other field passes through every tool untouched. */
export interface KeyRecord {
  store?: string
  key?: string
  key64?: string
  size?: number
  etag?: string
  mtime?: string
  /** file mode, four octal digits */
  mode?: string
  type?: string
  /** ISO 8601 UTC with milliseconds: when the key expires */
  expires?: string
  /** which version of the key this is, and whether a plain read gets it; from a listing with versions */
  version?: string
  latest?: boolean
  value?: unknown
  value64?: string
  to?: string
  to64?: string
  toStore?: string
  op?: Operation
  outcome?: OutcomeWord
  reason?: Reason
  error?: Failure
  toEtag?: string
  /** aspects of the source that the destination cannot hold */
  lost?: readonly string[]
  /** what an object store keeps with the bytes and the destination cannot hold; what a write gives an object */
  headers?: Readonly<Record<string, string>>
  tags?: Readonly<Record<string, string>>
  tries?: number
  /** milliseconds that the write took, tries included */
  ms?: number
  at?: string
  verified?: boolean
  proof?: Proof
  /** `algorithm:hex` of the content that was verified */
  digest?: string
  /** the same of the destination, where its store makes another kind of digest */
  toDigest?: string
  differs?: readonly string[]
  /** which side delete-apply has deleted */
  deleted?: 'source' | 'dest'
  /** the version of the delete marker behind which the key is hidden */
  marker?: string
  input?: string
  input64?: string
}

/** What is wrong with a parsed line as a record, or undefined when nothing is. */
export function recordProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `not a record: a line must be a JSON object, this one is ${kindOf(value)}`
  }
  const record = value as KeyRecord
  if (isOpen(record)) return undefined
  const hasKey = record.key !== undefined || record.key64 !== undefined
  if (!hasKey && (record.outcome !== 'failed' || record.error === undefined)) return 'no field "key"'
  return (
    keyProblem(record.key, record.key64, 'key') ??
    keyProblem(record.to, record.to64, 'to') ??
    stringProblem(record.store, 'store') ??
    stringProblem(record.toStore, 'toStore') ??
    wordProblem(record.outcome, OUTCOMES, 'outcome') ??
    wordProblem(record.op, ['copy', 'put'], 'op') ??
    (record.op === 'put' ? contentProblem(record) : undefined)
  )
}

/** Whether it is a record of the usual kind, with no fault: a key that is text, and no more done about it. */
function isOpen({ key, key64, to, to64, store, toStore, outcome, op }: KeyRecord): boolean {
  return (
    typeof key === 'string' &&
    key.isWellFormed() &&
    (store === undefined || typeof store === 'string') &&
    key64 === undefined &&
    to === undefined &&
    to64 === undefined &&
    toStore === undefined &&
    outcome === undefined &&
    op === undefined
  )
}

/** The record's key, or undefined where a failed line has none. */
export function recordKey(record: KeyRecord): Key | undefined {
  return keyField(record.key, record.key64)
}

/** The record's new key, or undefined where it has none yet. */
export function recordTo(record: KeyRecord): Key | undefined {
  return keyField(record.to, record.to64)
}

/** A key as the fields that hold it: `{key}` or `{key64}`. */
export function keyFields(key: Key): { key: string } | { key64: string } {
  return typeof key === 'string' ? { key } : { key64: key.toString('base64') }
}

/** A new key as the fields that hold it: `{to}` or `{to64}`. */
export function toFields(key: Key): { to: string } | { to64: string } {
  return typeof key === 'string' ? { to: key } : { to64: key.toString('base64') }
}

function keyField(text: string | undefined, base64: string | undefined): Key | undefined {
  if (text !== undefined) return text
  return base64 === undefined ? undefined : keyOf(Buffer.from(base64, 'base64'))
}

function keyProblem(text: unknown, base64: unknown, name: string): string | undefined {
  if (text === undefined) {
    if (base64 === undefined) return undefined
    return isBase64(base64) ? undefined : `field "${name}64" must be a string of base64, padded with =`
  }
  if (base64 !== undefined) return `both "${name}" and "${name}64": a key has one form`
  if (typeof text !== 'string') return `field "${name}" must be a string, this one is ${kindOf(text)}`
  if (!text.isWellFormed())
    return `field "${name}" holds half a surrogate pair, which no store can hold: use "${name}64"`
  return undefined
}

/** What is put is written as it stands here, so it must not be for the reader to guess. */
function contentProblem({ value, value64 }: KeyRecord): string | undefined {
  if (value64 !== undefined) {
    if (value !== undefined) return 'both "value" and "value64": what is put has one form'
    return isBase64(value64) ? undefined : 'field "value64" must be a string of base64, padded with ='
  }
  if (typeof value !== 'string' || value.isWellFormed()) return undefined
  return 'field "value" holds half a surrogate pair, which is no text: use "value64"'
}

/** Whether Buffer.from reads all of it: it stops at what is not base64 and says nothing. */
function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value)
}

function stringProblem(value: unknown, name: string): string | undefined {
  return value === undefined || typeof value === 'string' ? undefined : `field "${name}" must be a string`
}

function wordProblem(value: unknown, words: readonly string[], name: string): string | undefined {
  if (value === undefined || words.includes(value as string)) return undefined
  return `field "${name}" must be one of ${words.join(', ')}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
