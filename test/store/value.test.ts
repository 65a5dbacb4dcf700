import fc from 'fast-check'
import { expect, test } from 'vitest'
import { recordValue } from '../../src/store/value.ts'

const AS_JSON = [
  '{}',
  '[]',
  'null',
  'true',
  '"text"',
  '0',
  '-1.5',
  '1.0',
  '100',
  '1e3',
  '1.50e+2',
  '0.1',
  '1e-7',
  '9007199254740991',
  '9007199254740992',
  '123456789012345680000',
  '0.30000000000000004',
  '5e-324',
  '1.7976931348623157e308',
  '0.0000000000000000000000',
  ' {"a": [1, 2.25, {"b": null}]} \n',
  '{"a:b":":","c":{"a:b":1}}',
  '{"a":"\\"12345678901234567890\\""}',
  '{"12345678901234567890":1}',
  '["\\\\",12]',
  '{"__proto__":1,"constructor":{"toString":2}}',
  '"\\ud83e\\udd86"',
]
test.each(AS_JSON)('%j is that JSON', (text) => {
  expect(recordValue(Buffer.from(text))).toEqual({ value: JSON.parse(text) })
})

const AS_TEXT = [
  '',
  ' ',
  'text',
  '{"a":1',
  "{'a':1}",
  '{"a":1}{"b":2}',
  '\ufeff{"a":1}',
  'NaN',
  '01',
  '12345678901234567890',
  '-12345678901234567890',
  '9007199254740993',
  '0.12345678901234567890',
  '1.00000000000000000001',
  '1e400',
  '-1e400',
  '1e-400',
  '{"id":12345678901234567890}',
  '{"a":[{"b":[1,9007199254740993]}]}',
  '{"a":1,"a":2}',
  '[{"x":{"a":1,"b":2,"a":3}}]',
  '{"a":1,"\\u0061":2}',
]
test.each(AS_TEXT)('%j is a text, because as JSON it would be damaged', (text) => {
  expect(recordValue(Buffer.from(text))).toEqual({ value: text })
})

test('bytes that are no text are base64', () => {
  expect(recordValue(Buffer.from([0xff, 0xfe]))).toEqual({ value64: '//4=' })
  expect(recordValue(Buffer.from('{"a":"\xff"}', 'latin1'))).toEqual({ value64: 'eyJhIjoi/yJ9' })
})

test('any JSON that is printed by JSON.stringify comes as that JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value)
      expect(recordValue(Buffer.from(text))).toEqual({ value: JSON.parse(text) })
    }),
  )
})

test('any number either keeps its value exactly or comes as text', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 25 })
  fc.assert(
    fc.property(fc.nat(9), digits, fc.integer({ min: -30, max: 30 }), (first, rest, exponent) => {
      const text = `${first}.${rest}e${exponent}`
      const { value } = recordValue(Buffer.from(text)) as { value: unknown }
      if (typeof value === 'string') return
      expect(exactly(String(value))).toBe(exactly(text))
    }),
  )
})

/** A decimal as a fraction over a fixed power of ten, in whole numbers. */
function exactly(text: string): bigint {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return BigInt(whole + fraction) * 10n ** BigInt(100 + Number(exponent) - fraction.length)
}

test('JSON that is nested too deep to be printed is a text', () => {
  const nested = (times: number) => `${'[{"a":'.repeat(times)}1${'}]'.repeat(times)}`
  expect(recordValue(Buffer.from(nested(500)))).toEqual({ value: JSON.parse(nested(500)) })
  expect(recordValue(Buffer.from(nested(501)))).toEqual({ value: nested(501) })
  const flat = `[${'[{}],'.repeat(2000)}"${'[{'.repeat(2000)}"]`
  expect(recordValue(Buffer.from(flat))).toEqual({ value: JSON.parse(flat) })
})

test('a deep and long content does not exhaust the stack', () => {
  const deep = `${'['.repeat(5000)}1.5e1${']'.repeat(5000)}`
  expect(recordValue(Buffer.from(deep))).toHaveProperty('value')
  const escapes = JSON.stringify({ a: '\\"'.repeat(1_000_000), b: 1234567890123456 })
  expect(recordValue(Buffer.from(escapes))).toEqual({ value: JSON.parse(escapes) })
})
