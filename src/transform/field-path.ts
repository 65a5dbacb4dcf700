/** Fields of a record by which records are matched or kept together: `key`, `space`, `value.customer.id`. Pure. */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyBytes } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { memberText } from '../record/line.ts'
import { recordKey, recordTo } from '../record/record.ts'
import { numberSurvives } from '../store/value.ts'

export type FieldPath = readonly string[]

/** `a.b` as names. Throws E_USAGE that names the flag where one is empty. */
export function parseFieldPath(text: string, flag: string): FieldPath {
  const names = text.split('.')
  if (names.includes('')) throw new RekeyError('E_USAGE', `${flag} "${text}" names no field; write key or value.domain`)
  return names
}

/**
 * What a field says, as text: `key` and `to` as the keys they are, also where they are bytes; a number by its value, so
 * that 30.20 and 30.2 are alike, and the text "30.2" too. Undefined where there is no such field, and for null, objects
 * and arrays.
 */
export function fieldText(path: FieldPath, line: Line): Key | undefined {
  if (path.length === 1 && path[0] === 'key') return recordKey(line.open ?? line.record)
  if (path.length === 1 && path[0] === 'to') return recordTo(line.open ?? line.record)
  const plain = line.open === undefined || path.length > 1 ? undefined : plainField(line.text, path[0] as string)
  if (plain !== undefined) return plain
  const value = memberOf(line.record, path)
  return typeof value === 'number' ? numberValueText(numberText(path, line.text)) : scalarText(value)
}

/**
 * The same, without a parse, for a line of the usual kind: flat, and nothing in it escaped, so that a name in quotes before
 * a colon is a member; of two the last counts. Undefined for what the whole record has to be asked.
 */
function plainField(text: string, name: string): string | undefined {
  const label = `"${name}":`
  const at = text.lastIndexOf(label)
  if (at < 1 || (text[at - 1] !== ',' && text[at - 1] !== '{')) return undefined
  const start = at + label.length
  if (text[start] === '"') {
    const value = text.slice(start + 1, text.indexOf('"', start + 1))
    return value.includes('\\') ? undefined : value
  }
  const comma = text.indexOf(',', start)
  const value = text.slice(start, comma === -1 ? text.length - 1 : comma)
  return /^-?\d/.test(value) ? numberValueText(value) : undefined
}

/** The same of a value that has no text: a number is one that a double holds. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}

/** The value to which the names lead through objects; undefined where they do not. */
export function memberOf(value: unknown, path: FieldPath): unknown {
  let inner = value
  for (const name of path) {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner) || !Object.hasOwn(inner, name))
      return undefined
    inner = (inner as Record<string, unknown>)[name]
  }
  return inner
}

/** The number that the path leads to, as it is written in the record's text. */
export function numberText(path: FieldPath, text: string): string {
  return path.reduce((inner, name) => memberText(inner, name) ?? '', text)
}

/** Several parts as one key: equal only where each part is. */
export function joinParts(parts: readonly Key[]): Key {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  return parts
    .map((part) => (typeof part === 'string' ? `t${part.length}:${part}` : `b${part.toString('base64')}:`))
    .join('')
}

/** Order by bytes, without making bytes of text where its own order is the same. */
export function compareByBytes(a: Key, b: Key): number {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a === b) return 0
    if (!BEYOND.test(a) || !BEYOND.test(b)) return a < b ? -1 : 1
  }
  return Buffer.compare(keyBytes(a), keyBytes(b))
}

/** From here on the order of UTF-16 is not that of UTF-8. It takes one on either side to make a difference. */
const BEYOND = /[\ud800-\uffff]/

function numberValueText(text: string): string {
  return numberSurvives(text) ? String(Number(text)) : text
}
