/** What goes into one BatchWriteItem. */
import { expect, test } from 'vitest'
import { batchesOf } from '../../../src/store/dynamodb/batch-put.ts'

const puts = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, at) => ({
    key: String(at),
    item: { pk: { S: String(at) }, body: { B: new Uint8Array(bytes) } },
  }))

test.each([
  ['25 items', puts(60, 10), [25, 25, 10]],
  ['12 MB as they are sent: 30 items of 400 KB in base64', puts(30, 400 * 1024), [23, 7]],
])('%s at the most', (_, all, sizes) => {
  const batches = batchesOf(all)
  expect(batches.map(({ length }) => length)).toEqual(sizes)
  expect(batches.flat()).toEqual(all)
})
