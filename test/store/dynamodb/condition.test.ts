/** What a condition says of an item, within what an expression may have. */
import { expect, test } from 'vitest'
import type { Item } from '../../../src/store/dynamodb/attribute-value.ts'
import { unchanged } from '../../../src/store/dynamodb/condition.ts'

const SCHEMA = { partition: { name: 'pk', type: 'S' as const } }
const names = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix}${at}`)
const itemWith = (count: number): Item => ({
  pk: { S: 'a' },
  ...Object.fromEntries(names(count, 'a').map((name) => [name, { S: '' }])),
})

test('each attribute is what it was, and what others of the table have is still absent', () => {
  expect(unchanged(SCHEMA, { pk: { S: 'a' }, n: { N: '1' } }, true, ['pk', 'n', 'status'])).toEqual({
    ConditionExpression: 'attribute_exists(#k) AND #0=:0 AND attribute_not_exists(#n0)',
    ExpressionAttributeNames: { '#k': 'pk', '#0': 'n', '#n0': 'status' },
    ExpressionAttributeValues: { ':0': { N: '1' } },
  })
})

test.each([
  [0, 60],
  [50, 60],
  [100, 40],
  [140, 0],
  [500, 0],
])('of an item of %i attributes, %i others are said to be absent: 300 operators, 4 KB', (count, absent) => {
  const { ConditionExpression } = unchanged(SCHEMA, itemWith(count), true, names(500, 'other'))
  expect(ConditionExpression.split('attribute_not_exists').length - 1).toBe(absent)
  expect(Buffer.byteLength(ConditionExpression)).toBeLessThan(4096)
  expect(ConditionExpression.split(/ AND |=|attribute_\w+/).length - 1).toBeLessThanOrEqual(300)
})
