/** The rate that a run keeps to. */
import { expect, test } from 'vitest'
import { AdaptiveRate } from '../../../src/store/dynamodb/adaptive-rate.ts'

test('nothing waits before the server has refused', () => {
  const rate = new AdaptiveRate()
  expect([rate.reserve(5, 1000), rate.reserve(5, 1000)]).toEqual([5, 5])
})

test('a rate that was asked for is kept, by what requests have really taken', () => {
  const rate = new AdaptiveRate(10)
  expect(rate.reserve(0, 1)).toBe(0)
  expect(rate.reserve(0, 1)).toBe(100)
  rate.spent(0, 1, 5)
  expect(rate.reserve(0, 1)).toBe(600)
})

test('a refusal takes the rate below what the server has just borne, once for all that was under way', () => {
  const rate = new AdaptiveRate()
  for (let ms = 0; ms < 5000; ms += 10) {
    rate.reserve(ms, 1)
    rate.spent(ms, 1, 1)
  }
  rate.refused(5000, 4990)
  const after = rate.perSecond
  expect(after).toBeGreaterThan(50)
  expect(after).toBeLessThan(80)
  rate.refused(5005, 4995)
  expect(rate.perSecond).toBe(after)
  rate.refused(5020, 5010)
  expect(rate.perSecond).toBeLessThan(after)
})

test('what was borne is told after a moment and after a rest as well', () => {
  const rate = new AdaptiveRate()
  for (const begin of [0, 60_000]) {
    for (let ms = begin; ms < begin + 100; ms += 10) {
      rate.reserve(ms, 1)
      rate.spent(ms, 1, 1)
    }
  }
  rate.refused(60_100, 60_090)
  expect(rate.perSecond).toBeGreaterThan(60)
  expect(rate.perSecond).toBeLessThan(90)
})

test('it doubles again in a second, and never above what was asked for', () => {
  const rate = new AdaptiveRate(100)
  rate.refused(0, 0)
  const cut = rate.perSecond
  for (let ms = 0; ms <= 1000; ms += 100) rate.spent(ms, 1, 1)
  expect(rate.perSecond).toBeCloseTo(cut * 2, 5)
  for (let ms = 1000; ms <= 100_000; ms += 100) rate.spent(ms, 1, 1)
  expect(rate.perSecond).toBe(100)
})

test('a server that bears nothing is still asked once a second', () => {
  const rate = new AdaptiveRate()
  for (let ms = 0; ms < 60_000; ms += 1000) rate.refused(ms, ms)
  expect(rate.perSecond).toBe(1)
})

test('a refusal before anything was answered does not hold the next batches up for minutes', () => {
  const rate = new AdaptiveRate()
  rate.reserve(0, 25)
  rate.refused(10, 0)
  expect(rate.perSecond).toBe(1)
  const starts = Array.from({ length: 11 }, () => rate.reserve(10, 25))
  // As many as a rate that doubles each second gives: 250 units are 7.5 seconds.
  expect((starts.at(-1) as number) - (starts[0] as number)).toBeGreaterThan(5000)
  expect((starts.at(-1) as number) - (starts[0] as number)).toBeLessThan(8000)
})

test('a rate that was asked for does not grow with time', () => {
  const rate = new AdaptiveRate(10)
  const starts = Array.from({ length: 5 }, () => rate.reserve(0, 25))
  expect(starts).toEqual([0, 2500, 5000, 7500, 10_000])
})

test('nor does it come back as more than was asked for, however much one request takes', () => {
  const rate = new AdaptiveRate(100)
  rate.reserve(0, 1)
  rate.refused(0, 0)
  const first = rate.reserve(10, 5000)
  expect(rate.reserve(10, 1) - first).toBeGreaterThan(50_000)
})

test('a rate without a limit that has long come back is none', () => {
  const rate = new AdaptiveRate()
  rate.reserve(0, 1)
  rate.refused(0, 0)
  expect(rate.reserve(10_000_000, 25)).toBe(10_000_000)
  rate.refused(10_000_001, 10_000_000)
  expect(rate.reserve(10_000_001, 1)).toBeGreaterThan(10_000_001)
})
