/**
 * One attribute of a key that is a JSON object, as keys are of a DynamoDB table with a sort key:
 * `{"space":"a","root":"b"}`. Everything else of the key stays to the letter. Pure.
 */
import type { Key } from '../record/key.ts'
import { memberText } from '../record/line.ts'
import { memberSpans } from '../record/members.ts'
import { canonicalNumber } from '../store/dynamodb/number.ts'
import { plainNumber } from '../store/dynamodb/plain-value.ts'
import { Unfit } from './unfit.ts'

export interface KeyField {
  /** the attribute's value: text, or a number by its digits */
  readonly text: string
  /** the key with this in the attribute's place */
  withText(text: string): string | Unfit
}

export function keyField(key: Key, name: string): KeyField | Unfit {
  const parsed = typeof key === 'string' ? objectIn(key) : undefined
  if (typeof key !== 'string' || parsed === undefined || !Object.hasOwn(parsed, name))
    return new Unfit(
      `--field ${name}: the key is no JSON object that has it; where the table has no sort key, leave --field out`,
    )
  const value: unknown = parsed[name]
  if (typeof value === 'string')
    return { text: value, withText: (text) => (text === value ? key : withMember(key, name, text)) }
  const number = numberIn(value, key, name)
  if (number === undefined) return new Unfit(`--field ${name}: it is neither text nor a number; give the key by --map`)
  return {
    text: number,
    withText(text) {
      if (text === number) return key
      const canonical = canonicalNumber(text)
      if (canonical !== undefined) return withMember(key, name, plainNumber(canonical))
      return new Unfit(`--field ${name}: ${JSON.stringify(text)} is no number, and the attribute is one`)
    },
  }
}

function numberIn(value: unknown, key: string, name: string): string | undefined {
  // By its digits as they stand there: a double would round what other programs may write.
  if (typeof value === 'number') return canonicalNumber(memberText(key, name) ?? '')
  const marked = (value as { readonly $number?: unknown } | null)?.$number
  return typeof marked === 'string' ? marked : undefined
}

function withMember(key: string, name: string, value: unknown): string {
  const span = memberSpans(key).findLast((one) => one.name === name)
  return span === undefined ? key : key.slice(0, span.valueStart) + JSON.stringify(value) + key.slice(span.valueEnd)
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    return isObject ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
