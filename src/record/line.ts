/**
 * A line: a record together with the text it came as. Fields are added by splicing them into that text,
 * so that what rekey does not know leaves to the letter as it came: numbers, order and spelling.
 */
import type { OpenRecord } from './deciding.ts'
import type { Failure } from './errors.ts'
import type { Key } from './key.ts'
import { memberSpans } from './members.ts'
import type { KeyRecord, OutcomeWord, Proof, Reason } from './record.ts'
import { toFields } from './record.ts'

export interface Line {
  /** one JSON object, without white space around it and without the newline */
  text: string
  readonly record: KeyRecord
  /** the outcome with which it was read; undefined for an open record and for a line that this process made */
  readonly cameAs?: OutcomeWord | undefined
  /**
   * What a tool decides by, where the line is so read that `record` has yet to be made: of the deciding fields all that the
   * line has. For who handles millions; `record` has all of it.
   */
  readonly open?: OpenRecord | undefined
}

/** A line for a record that has no text yet. */
export function newLine(record: KeyRecord): Line {
  return { text: JSON.stringify(record), record }
}

/**
 * Sets fields of the record, in its text too: a new one goes to the end, one that is there is replaced in its
 * place, and one given as undefined is taken out.
 */
export function setFields(line: Line, fields: Partial<Record<keyof KeyRecord, unknown>>): void {
  const record = line.record as Record<string, unknown>
  let changes: Map<string, string | undefined> | undefined
  let added = ''
  for (const name in fields) {
    const value = fields[name as keyof KeyRecord]
    const present = Object.hasOwn(record, name)
    if (value === record[name] && typeof value !== 'object') continue
    if (!present) added += `,"${name}":${jsonOf(value)}`
    else {
      changes ??= new Map()
      changes.set(name, value === undefined ? undefined : jsonOf(value))
    }
    if (value === undefined) delete record[name]
    else record[name] = value
  }
  if (changes !== undefined) line.text = withChanges(line.text, changes)
  if (added !== '') line.text = spliceAtEnd(line.text, added)
}

/**
 * Gives a line that has no new key yet its new key. The hot path of rewrite-keys. `isPlain`: it is known already that JSON
 * has nothing to escape in it.
 */
export function addTo(line: Line, to: Key, isPlain = false): void {
  const record = line.open ?? line.record
  if (typeof to !== 'string' || record.to !== undefined || record.to64 !== undefined) {
    setFields(line, { to: undefined, to64: undefined })
    setFields(line, toFields(to))
    return
  }
  record.to = to
  // The text has a key in it, so what is added stands behind a comma.
  const text = line.text.slice(0, -1)
  line.text = isPlain || isPlainText(to) ? `${text},"to":"${to}"}` : `${text},"to":${JSON.stringify(to)}}`
}

/** What verify writes, taken out: for a record that is copied anew or not looked at. */
export const NO_VERDICT = {
  verified: undefined,
  proof: undefined,
  digest: undefined,
  toDigest: undefined,
  differs: undefined,
}

/** Gives a line that has no verdict and no error yet its proof, with the digest. The hot path of verify. */
export function addProof(line: Line, proof: Proof, digest: string): void {
  const record = line.open ?? line.record
  record.verified = true
  record.proof = proof
  record.digest = digest
  line.text = `${line.text.slice(0, -1)},"verified":true,"proof":"${proof}","digest":${jsonOf(digest)}}`
}

/** Gives a line on which no tool has said a word yet its outcome `done`. The hot path of copy-apply. */
export function addDone(line: Line, toEtag: string | undefined, ms: number, at: string): void {
  const record = line.open ?? line.record
  record.outcome = 'done'
  let added = ',"outcome":"done"'
  if (toEtag !== undefined) {
    record.toEtag = toEtag
    added += `,"toEtag":${jsonOf(toEtag)}`
  }
  record.ms = ms
  record.at = at
  line.text = `${line.text.slice(0, -1)}${added},"ms":${ms},"at":"${at}"}`
}

/** Whether verify or a failure has written into it. */
export function hasVerdict(line: Line): boolean {
  const record = line.open ?? line.record
  return (
    record.verified !== undefined ||
    record.proof !== undefined ||
    record.digest !== undefined ||
    record.toDigest !== undefined ||
    record.differs !== undefined ||
    record.error !== undefined
  )
}

export function settleFailed(line: Line, error: Failure): Line {
  setFields(line, { outcome: 'failed', reason: undefined, error })
  return line
}

export function settleSkipped(line: Line, reason: Reason): Line {
  setFields(line, { outcome: 'skipped', reason, error: undefined })
  return line
}

/** The text of a top-level member's value as it stands in the line: exact, also for numbers. Undefined when absent. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined
  for (const span of memberSpans(text)) {
    if (span.name === name) found = text.slice(span.valueStart, span.valueEnd)
  }
  return found
}

/** ASCII in which nothing is to be escaped. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/

/** Whether a text is ASCII that stands in JSON as it is. */
export function isPlainText(text: string): boolean {
  return PLAIN_TEXT.test(text)
}

/** As JSON.stringify, but for plain text at half its price: most keys, words and times are that. */
export function jsonOf(value: unknown): string {
  return typeof value === 'string' && isPlainText(value) ? `"${value}"` : JSON.stringify(value)
}

/** `members` begins with a comma. */
function spliceAtEnd(text: string, members: string): string {
  return isEmptyObject(text) ? `{${members.slice(1)}}` : `${text.slice(0, -1)}${members}}`
}

function isEmptyObject(text: string): boolean {
  return !text.includes('"')
}

/** Puts other values in the place of members, and takes out those whose value is undefined, each with one comma. */
function withChanges(text: string, changes: ReadonlyMap<string, string | undefined>): string {
  const spans = memberSpans(text)
  let result = text.slice(0, spans[0]?.nameStart)
  let isFirst = true
  spans.forEach((span, at) => {
    const change = changes.get(span.name)
    if (change === undefined && changes.has(span.name)) return
    // Of a name that stands twice, the last one counts.
    const counts = change !== undefined && !spans.some((other, behind) => behind > at && other.name === span.name)
    const value = counts ? change : text.slice(span.valueStart, span.valueEnd)
    const start = isFirst ? span.nameStart : (spans[at - 1]?.valueEnd ?? span.nameStart)
    result += text.slice(start, span.valueStart) + value
    isFirst = false
  })
  return isFirst ? '{}' : result + text.slice(spans.at(-1)?.valueEnd)
}
