/** Primary keys as keys of rekey: one form for each, and nothing else is one. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Key } from '../../../src/record/key.ts'
import type { KeySchema } from '../../../src/store/dynamodb/key-schema.ts'
import { keyAttributes, keyOfItem } from '../../../src/store/dynamodb/key-schema.ts'
import { canonicalNumber } from '../../../src/store/dynamodb/number.ts'

const schema = (partition: 'S' | 'N' | 'B', sort?: 'S' | 'N' | 'B'): KeySchema => ({
  partition: { name: 'pk', type: partition },
  ...(sort && { sort: { name: '1', type: sort } }),
})

test.each<[KeySchema, object, Key]>([
  [schema('S'), { pk: { S: '{"a":1}' } }, '{"a":1}'],
  [schema('N'), { pk: { N: '12345678901234567890.5' } }, '12345678901234567890.5'],
  [schema('B'), { pk: { B: new Uint8Array([97]) } }, 'a'],
  [schema('B'), { pk: { B: new Uint8Array([255]) } }, Buffer.from([255])],
  // The partition key comes first, though an object of the two would begin with "1".
  [schema('S', 'S'), { pk: { S: 'a"b' }, 1: { S: '' + 'é' } }, '{"pk":"a\\"b","1":"é"}'],
  [
    schema('N', 'N'),
    { pk: { N: '1' }, 1: { N: '12345678901234567890' } },
    '{"pk":1,"1":{"$number":"12345678901234567890"}}',
  ],
  [schema('S', 'B'), { pk: { S: 'a' }, 1: { B: new Uint8Array([0, 255]) } }, '{"pk":"a","1":{"$binary":"AP8="}}'],
])('%j %j is the key %s', (of, item, key) => {
  expect(keyOfItem(of, item as never)).toEqual(key)
  expect(keyAttributes(of, key)).toEqual(item)
})

describe('what is no key of the table says why', () => {
  test.each<[KeySchema, Key, string]>([
    [schema('S'), '', 'empty'],
    [schema('S'), Buffer.from([255]), 'not text'],
    [schema('S'), 'é'.repeat(1025), 'has 2050 bytes, and may have 2048'],
    [schema('N'), 'a', '"pk" is a number'],
    [schema('N'), '1.0', 'to be written as 1'],
    [schema('N'), '1e3', 'to be written as 1000'],
    [schema('S', 'S'), 'a', 'a key of this table is {"pk":…,"1":…}'],
    [schema('S', 'S'), '["a","b"]', 'a key of this table is {"pk":…,"1":…}'],
    [schema('S', 'S'), '{"pk":"a"}', 'a key of this table is {"pk":…,"1":…}'],
    [schema('S', 'S'), '{"pk":"a","1":"b","c":"d"}', 'a key of this table is {"pk":…,"1":…}'],
    [schema('S', 'S'), '{"pk":"a","1":1}', '"1" is text'],
    [schema('S', 'S'), '{"pk":"a","1":""}', '"1" is empty'],
    [schema('S', 'S'), `{"pk":"a","1":"${'x'.repeat(1025)}"}`, 'may have 1024'],
    [schema('S', 'S'), '{"1":"b","pk":"a"}', 'to be written as {"pk":"a","1":"b"}'],
    [schema('S', 'S'), '{"pk":"a", "1":"b"}', 'to be written as {"pk":"a","1":"b"}'],
    [schema('S', 'S'), '{"pk":"a","1":"\\u0062"}', 'to be written as {"pk":"a","1":"b"}'],
    [schema('S', 'N'), '{"pk":"a","1":"2"}', '"1" is a number'],
    [schema('S', 'N'), '{"pk":"a","1":{"$number":"2"}}', 'to be written as {"pk":"a","1":2}'],
    [schema('S', 'N'), '{"pk":"a","1":12345678901234567890}', 'to be written as'],
  ])('%j %.60s', (of, key, says) => {
    const error = keyAttributes(of, key)
    expect(error).toBeInstanceOf(RekeyError)
    expect(error).toMatchObject({ code: 'E_NAME', message: expect.stringContaining(says) })
  })
})

test('two primary keys never have one key, and each key leads back to its own', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 9 }).filter((one) => one.isWellFormed())
  const number = fc
    .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.integer({ min: -80, max: 80 }))
    .map(([digits, power]) => canonicalNumber(`${digits}e${power}`) as string)
  const values = {
    S: text.map((S) => ({ S })),
    N: number.map((N) => ({ N })),
    B: fc.uint8Array({ minLength: 1, maxLength: 9 }).map((B) => ({ B: new Uint8Array(B) })),
  }
  for (const partition of ['S', 'N', 'B'] as const)
    for (const sort of [undefined, 'S', 'N', 'B'] as const)
      fc.assert(
        fc.property(values[partition], sort === undefined ? fc.constant(undefined) : values[sort], (one, other) => {
          const item = { pk: one, ...(other && { 1: other }) } as never
          expect(keyAttributes(schema(partition, sort), keyOfItem(schema(partition, sort), item))).toEqual(item)
        }),
        { numRuns: 50, seed: 4 },
      )
})
