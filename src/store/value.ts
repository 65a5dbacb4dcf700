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

/**
 * Whether a JSON text, read and printed again, says the same: every number keeps its value, and no member has stood
 * twice under one name.
 */
function survivesReading(text: string, value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true
  const { numbersKept, members } = scan(text, SUSPECT_NUMBER.test(text))
  return numbersKept && members === countMembers(value)
}

/** Goes through a valid JSON text once, skipping its strings. */
function scan(text: string, withNumbers: boolean): { numbersKept: boolean; members: number } {
  const number = /-?\d[\d.eE+-]*/y
  let members = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) members++
    else if (withNumbers && (code === 0x2d || (code >= 0x30 && code <= 0x39))) {
      number.lastIndex = at
      const token = number.exec(text)?.[0] ?? ''
      if (!numberSurvives(token)) return { numbersKept: false, members }
      at += token.length - 1
    }
  }
  return { numbersKept: true, members }
}

/** Index of the quote that closes the string opened at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

function numberSurvives(token: string): boolean {
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
