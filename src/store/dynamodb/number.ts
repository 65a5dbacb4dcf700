/**
 * Numbers of DynamoDB: up to 38 digits, from 1E-130 to 9.99…E+125 on both sides of zero. A server gives each in one
 * form, digits without exponent and without zeros that say nothing. Pure.
 */

const MOST_DIGITS = 38
const LEAST_POWER = -130
const GREATEST_POWER = 125

/** The one form of a decimal number, whatever its spelling; undefined for what is none or none that DynamoDB holds. */
export function canonicalNumber(text: string): string | undefined {
  const [, sign = '', whole = '', fraction = '', power = '0'] = DECIMAL.exec(text) ?? []
  if (whole + fraction === '') return undefined
  const all = whole + fraction
  const leading = all.length - all.replace(/^0+/, '').length
  const digits = all.slice(leading).replace(/0+$/, '')
  if (digits === '') return '0'
  /** the number is 0.DIGITS times ten to this */
  const point = Number(power) + whole.length - leading
  if (digits.length > MOST_DIGITS || point - 1 > GREATEST_POWER || point - 1 < LEAST_POWER) return undefined
  return sign.replace('+', '') + withPoint(digits, point)
}

/** Whether a JSON number that is read as a double and printed again is this very text. */
export function isPlain(text: string): boolean {
  return String(Number(text)) === text && DIGITS.test(text)
}

function withPoint(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return digits.padEnd(point, '0')
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/
const DIGITS = /^-?\d+(?:\.\d+)?$/
