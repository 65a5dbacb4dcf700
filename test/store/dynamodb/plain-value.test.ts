/** Items as JSON and back: nothing is lost, whatever it is. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AttributeValue, Item } from '../../../src/store/dynamodb/attribute-value.ts'
import { itemIn, itemText } from '../../../src/store/dynamodb/item-json.ts'
import { parseExactly } from '../../../src/store/dynamodb/json-text.ts'
import { canonicalNumber } from '../../../src/store/dynamodb/number.ts'
import { attributeOf, plainOf } from '../../../src/store/dynamodb/plain-value.ts'
import { recordValue } from '../../../src/store/value.ts'

const content = (text: string) => ({
  form: 'plain' as const,
  body: async function* () {
    yield Buffer.from(text)
  },
})
const read = (text: string) => itemIn('k', content(text))

test('any item comes back byte for byte from its JSON', async () => {
  await fc.assert(
    fc.asyncProperty(items(), async (item) => {
      fc.pre(!Object.hasOwn(item, '__proto__'))
      expect(await read(itemText(item))).toEqual(sorted({ M: item }).M)
    }),
    { numRuns: 400, seed: 4 },
  )
})

test('an item is a value that a record holds as JSON, without a change', () => {
  fc.assert(
    fc.property(items(), (item) => {
      const text = itemText(item)
      expect(recordValue(Buffer.from(text))).toEqual({ value: JSON.parse(text) })
      expect(JSON.stringify(JSON.parse(text))).toBe(text)
    }),
    { seed: 4 },
  )
})

test('equal items have one text, in whatever order they come', () => {
  const one = { b: { SS: ['y', 'x'] }, a: { M: { z: { N: '1' }, y: { BOOL: true } } } }
  const other = { a: { M: { y: { BOOL: true }, z: { N: '1' } } }, b: { SS: ['x', 'y'] } }
  expect(itemText(one)).toBe(itemText(other))
  expect(itemText(one)).toBe('{"a":{"y":true,"z":1},"b":{"$stringSet":["x","y"]}}')
})

describe('a value as plain JSON', () => {
  test.each<[string, AttributeValue, unknown]>([
    ['text', { S: 'a' }, 'a'],
    ['empty text', { S: '' }, ''],
    ['a number', { N: '2.5' }, 2.5],
    ['a number that a double rounds', { N: '12345678901234567890' }, { $number: '12345678901234567890' }],
    ['a number that a double prints otherwise', { N: '0.0000001' }, { $number: '0.0000001' }],
    ['the largest number', { N: `9${'0'.repeat(125)}` }, { $number: `9${'0'.repeat(125)}` }],
    ['true', { BOOL: true }, true],
    ['null', { NULL: true }, null],
    ['bytes', { B: new Uint8Array([0, 255]) }, { $binary: 'AP8=' }],
    ['no bytes', { B: new Uint8Array() }, { $binary: '' }],
    ['a list', { L: [{ S: 'a' }, { L: [] }] }, ['a', []]],
    ['a map', { M: { a: { N: '1' } } }, { a: 1 }],
    ['an empty map', { M: {} }, {}],
    ['a map that looks marked', { M: { $number: { S: '1' } } }, { $map: { $number: '1' } }],
    ['one that looks like that', { M: { $map: { M: {} } } }, { $map: { $map: {} } }],
    ['a map with another $ is itself', { M: { $ref: { S: 'x' } } }, { $ref: 'x' }],
    ['a map with two names is itself', { M: { $number: { S: '1' }, a: { NULL: true } } }, { $number: '1', a: null }],
    ['text in a set', { SS: ['b', 'a'] }, { $stringSet: ['a', 'b'] }],
    ['numbers in a set', { NS: ['10', '9'] }, { $numberSet: ['10', '9'] }],
    ['bytes in a set', { BS: [new Uint8Array([1])] }, { $binarySet: ['AQ=='] }],
  ])('%s', (_, value, plain) => {
    expect(plainOf(value)).toEqual(plain)
    expect(attributeOf(plain, 'it')).toEqual(sorted(value))
  })
})

test.each([
  ['"text"', 'E_TYPE', 'no JSON object'],
  ['[1]', 'E_TYPE', 'no JSON object'],
  ['not {json}', 'E_TYPE', 'no JSON object'],
  ['{"a":1,"a":2}', 'E_TYPE', 'no JSON object'],
  ['{"__proto__":5}', 'E_TYPE', '__proto__'],
  ['{"a":{"$number":"x"}}', 'E_TYPE', 'attribute "a", $number: "x" is no number of up to 38 digits'],
  ['{"a":1e200}', 'E_TYPE', 'no number of up to 38 digits'],
  ['{"a":123456789012345678901234567890123456789}', 'E_TYPE', 'no number of up to 38 digits'],
  ['{"a":{"$binary":"AP8"}}', 'E_TYPE', 'base64'],
  ['{"a":{"$stringSet":[]}}', 'E_TYPE', 'one or more'],
  ['{"a":[{"$stringSet":[1]}]}', 'E_TYPE', 'attribute "a"[0], $stringSet: takes text'],
  [`{"a":"${'x'.repeat(5_000_000)}"}`, 'E_TOO_LARGE', '400 KB'],
])('%.50s is no item: %s', async (text, code, says) => {
  await expect(read(text)).rejects.toMatchObject({ code, message: expect.stringContaining(says) })
})

test('JSON of other hands keeps the digits of its numbers', async () => {
  expect(await read('{"id":12345678901234567890,"s":"12345678901234567890","f":1.50,"e":1e3,"n":-0}')).toEqual({
    id: { N: '12345678901234567890' },
    s: { S: '12345678901234567890' },
    f: { N: '1.5' },
    e: { N: '1000' },
    n: { N: '0' },
  })
  expect(parseExactly('{"a:1":"1:2","b":[1,{"c":0.1}]}')).toEqual({ 'a:1': '1:2', b: [1, { c: 0.1 }] })
})

test.each<[string, string | undefined]>([
  ['1.50', '1.5'],
  ['-0', '0'],
  ['-1e-3', '-0.001'],
  ['+7', '7'],
  ['1E+20', '100000000000000000000'],
  ['00012.0', '12'],
  ['.5', '0.5'],
  ['9.9999999999999999999999999999999999999E+125', `${'9'.repeat(38)}${'0'.repeat(88)}`],
  ['1e126', undefined],
  ['1e-130', `0.${'0'.repeat(129)}1`],
  ['1e-131', undefined],
  ['', undefined],
  ['.', undefined],
  ['0x10', undefined],
  ['NaN', undefined],
  [' 1', undefined],
])('the number %s is %s', (text, canonical) => {
  expect(canonicalNumber(text)).toBe(canonical)
})

/** Sets have no order, and come back in one. */
function sorted(value: AttributeValue): AttributeValue {
  if (value.SS !== undefined) return { SS: value.SS.toSorted() }
  if (value.NS !== undefined) return { NS: value.NS.toSorted() }
  if (value.BS !== undefined) return { BS: value.BS.toSorted((a, b) => (base64(a) < base64(b) ? -1 : 1)) }
  if (value.L !== undefined) return { L: value.L.map(sorted) }
  if (value.M === undefined) return value
  return { M: Object.fromEntries(Object.entries(value.M).map(([name, one]) => [name, sorted(one)])) }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

function items(): fc.Arbitrary<Item> {
  const number = fc
    .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -90, max: 80 }))
    .map(([digits, power]) => canonicalNumber(`${digits}e${power}`) as string)
  const numbers = fc.oneof(
    number,
    fc.integer().map(String),
    fc.constantFrom('0', '0.1', '9007199254740993', '0.0000001'),
  )
  const bytes = fc.uint8Array({ maxLength: 9 })
  const text = fc.string({ unit: 'binary', maxLength: 9 }).filter((one) => one.isWellFormed())
  const name = fc.oneof(
    text,
    fc.constantFrom(
      '$number',
      '$binary',
      '$stringSet',
      '$numberSet',
      '$binarySet',
      '$map',
      '$x',
      '1',
      '0',
      '__proto__',
    ),
  )
  const distinct = <T>(one: fc.Arbitrary<T>, by: (value: T) => string) =>
    fc.uniqueArray(one, { minLength: 1, maxLength: 4, selector: by })
  const { map } = fc.letrec<{ value: AttributeValue; map: Item }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text.map((S) => ({ S })),
      numbers.map((N) => ({ N })),
      fc.boolean().map((BOOL) => ({ BOOL })),
      fc.constant({ NULL: true as const }),
      bytes.map((B) => ({ B: new Uint8Array(B) })),
      distinct(text, String).map((SS) => ({ SS })),
      distinct(numbers, String).map((NS) => ({ NS })),
      distinct(bytes, base64).map((BS) => ({ BS: BS.map((one) => new Uint8Array(one)) })),
      fc.array(tie('value'), { maxLength: 4 }).map((L) => ({ L })),
      tie('map').map((M) => ({ M })),
    ) as fc.Arbitrary<AttributeValue>,
    map: fc
      .uniqueArray(fc.tuple(name, tie('value')), { maxLength: 4, selector: ([one]) => one })
      .map((entries) => Object.fromEntries(entries)),
  }))
  return map
}
