/**
 * Content as a record holds it: JSON where it is JSON and would be printed again without damage, a string where it is
 * text, base64 otherwise.
 */
import { isUtf8 } from 'node:buffer'
import type { Value } from './contract.ts'

export function recordValue(bytes: Buffer): Value {
  if (!isUtf8(bytes)) return { value64: bytes.toString('base64') }
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { value: text }
  }
  return { value: survivesReading(text, value) ? value : text }
}

/** Numbers of more digits than a double is sure to hold, exponents, and so on: what is worth a closer look. */
const SUSPECT_NUMBER = /[\d.]{16}|\d[eE]/
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
/** With bit 0x20, in which square and curly brackets differ. */
const OPEN = 0x7b
const CLOSE = 0x7d
/** How deep values may be nested: printing goes into the stack, and a few thousand overflow it. */
export const MOST_NESTED = 1000

/**
 * Whether a JSON text, read and printed again, says the same: every number keeps its value, and no member has stood
 * twice under one name. One that is nested too deep could not be printed.
 */
function survivesReading(text: string, value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  const { survives, members } = scan(text, SUSPECT_NUMBER.test(text))
  return survives && members === countMembers(value)
}

/** Goes through a valid JSON text once, skipping its strings. */
function scan(text: string, withNumbers: boolean): { survives: boolean; members: number } {
  const number = /-?\d[\d.eE+-]*/y
  let members = 0
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) members++
    else if ((code | 0x20) === CLOSE) depth--
    else if ((code | 0x20) === OPEN) {
      if (++depth > MOST_NESTED) return { survives: false, members }
    } else if (withNumbers && (code === 0x2d || (code >= 0x30 && code <= 0x39))) {
      number.lastIndex = at
      const token = number.exec(text)?.[0] ?? ''
      if (!numberSurvives(token)) return { survives: false, members }
      at += token.length - 1
    }
  }
  return { survives: true, members }
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

/** Whether a number, as JSON has it, is still the same value when it is read as a double and printed again. */
export function numberSurvives(token: string): boolean {
  const value = Number(token)
  return Number.isFinite(value) && sameDecimal(token, String(value))
}

/** Whether two decimal numbers are one value, whatever their spelling. */
function sameDecimal(a: string, b: string): boolean {
  const first = decimalOf(a)
  const second = decimalOf(b)
  return first.digits === second.digits && (first.digits === '' || first.exponent === second.exponent)
}

/** A decimal as 0.DIGITS times ten to the exponent, without zeros at either end of the digits. The sign is left out. */
function decimalOf(text: string): { digits: string; exponent: number } {
  const [, whole = '', fraction = '', power = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  return { digits: digits.replace(/0+$/, ''), exponent: Number(power) + whole.length - (all.length - digits.length) }
}

/** Members of all objects in a parsed value, without going deep into the stack. */
export function countMembers(value: unknown): number {
  let members = 0
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== 'object' || next === null) continue
    const values = Object.values(next)
    if (!Array.isArray(next)) members += values.length
    for (const child of values) if (typeof child === 'object') open.push(child)
  }
  return members
}
