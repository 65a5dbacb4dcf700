/**
 * A line: a record together with the text it came as. Fields are added by splicing them into that text,
 * so that what rekey does not know leaves to the letter as it came: numbers, order and spelling.
 */
import type { Failure } from './errors.ts'
import type { Key } from './key.ts'
import type { MemberSpan } from './members.ts'
import { memberSpans } from './members.ts'
import type { KeyRecord, OutcomeWord, Reason } from './record.ts'
import { toFields } from './record.ts'

export interface Line {
  /** one JSON object, without white space around it and without the newline */
  text: string
  readonly record: KeyRecord
  /** the outcome with which it was read; undefined for an open record and for a line that this process made */
  readonly cameAs?: OutcomeWord | undefined
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
  let added = ''
  for (const name in fields) {
    const value = fields[name as keyof KeyRecord]
    const present = Object.hasOwn(record, name)
    if (value === undefined) {
      if (!present) continue
      delete record[name]
      line.text = withoutMember(line.text, name)
      continue
    }
    if (present) line.text = withMember(line.text, name, JSON.stringify(value))
    else added += `,"${name}":${JSON.stringify(value)}`
    record[name] = value
  }
  if (added !== '') line.text = spliceAtEnd(line.text, added)
}

/** Gives a line that has no new key yet its new key. The hot path of rewrite-keys. */
export function addTo(line: Line, to: Key): void {
  if (typeof to !== 'string' || line.record.to !== undefined || line.record.to64 !== undefined) {
    setFields(line, { to: undefined, to64: undefined })
    setFields(line, toFields(to))
    return
  }
  line.record.to = to
  line.text = spliceAtEnd(line.text, `,"to":${JSON.stringify(to)}`)
}

export function settleFailed(line: Line, error: Failure): void {
  setFields(line, { outcome: 'failed', reason: undefined, error })
}

export function settleSkipped(line: Line, reason: Reason): void {
  setFields(line, { outcome: 'skipped', reason, error: undefined })
}

/** The text of a top-level member's value as it stands in the line: exact, also for numbers. Undefined when absent. */
export function memberText(text: string, name: string): string | undefined {
  let found: string | undefined
  for (const span of memberSpans(text)) {
    if (span.name === name) found = text.slice(span.valueStart, span.valueEnd)
  }
  return found
}

/** `members` begins with a comma. */
function spliceAtEnd(text: string, members: string): string {
  return isEmptyObject(text) ? `{${members.slice(1)}}` : `${text.slice(0, -1)}${members}}`
}

function isEmptyObject(text: string): boolean {
  return !text.includes('"')
}

function withMember(text: string, name: string, value: string): string {
  for (const span of memberSpans(text).toReversed()) {
    if (span.name === name) return text.slice(0, span.valueStart) + value + text.slice(span.valueEnd)
  }
  return spliceAtEnd(text, `,"${name}":${value}`)
}

/** Takes the member out with one comma beside it, however often it stands there. */
function withoutMember(text: string, name: string): string {
  const spans = memberSpans(text)
  const kept = spans.filter((span) => span.name !== name)
  const [first] = kept
  const last = spans.at(-1)
  if (first === undefined || last === undefined) return '{}'
  let result = text.slice(0, spans[0]?.nameStart) + text.slice(first.nameStart, first.valueEnd)
  for (const span of kept.slice(1)) result += text.slice(gapBefore(spans, span), span.valueEnd)
  return result + text.slice(last.valueEnd)
}

/** Where the comma and the space in front of a member begin: behind the value of the one before it. */
function gapBefore(spans: readonly MemberSpan[], span: MemberSpan): number {
  return spans[spans.indexOf(span) - 1]?.valueEnd ?? span.nameStart
}
