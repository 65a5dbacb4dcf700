/** The turn of a request under --rate, before any answer has told what requests of its kind take. */
import { expect, test } from 'vitest'
import { Capacity } from '../../../src/store/dynamodb/capacity.ts'

test('a request of many items takes its place as that many units from the first one on', async () => {
  let nowMs = 0
  const capacity = new Capacity(10, () => nowMs)
  const { signal } = new AbortController()
  await capacity.turn('BatchWriteItem', signal, 25)
  nowMs = 2499
  // Whoever has to wait hears of the abort.
  await expect(capacity.turn('BatchWriteItem', AbortSignal.abort(), 25)).rejects.toThrow('abort')
  nowMs = 5000
  await capacity.turn('BatchWriteItem', AbortSignal.abort(), 25)
})

test('one item that was left of a batch is not taken for a batch', async () => {
  let nowMs = 0
  const capacity = new Capacity(10, () => nowMs)
  const { signal } = new AbortController()
  const batch = await capacity.turn('BatchWriteItem', signal, 25)
  batch.spent(50)
  nowMs = 5000
  await capacity.turn('BatchWriteItem', signal, 1)
  nowMs = 5150
  await capacity.turn('BatchWriteItem', AbortSignal.abort(), 1)
})
