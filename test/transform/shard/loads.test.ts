import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Loads } from '../../../src/transform/shard/loads.ts'

describe('the heaviest first, to the least loaded, the lowest number on a tie', () => {
  test.each<[string, number, number[], number[]]>([
    ['none', 3, [], []],
    ['alike', 3, [1, 1, 1, 1], [0, 1, 2, 0]],
    ['different', 2, [1, 2, 3, 4], [0, 1, 1, 0]],
    ['one that is heavy', 2, [1, 1, 9, 1], [1, 1, 0, 1]],
    ['without weight: all on the first of the least', 2, [5, 0, 0], [0, 1, 1]],
    ['more parts than items', 4, [1, 2], [1, 0]],
    ['one part', 1, [1, 2], [0, 0]],
  ])('%s', (_, parts, weights, expected) => {
    expect([...new Loads(parts).placeAll(Float64Array.from(weights))]).toEqual(expected)
  })
})

/** The same by looking at every part each time. */
function plainly(parts: number, weights: readonly number[]): number[] {
  const loads = new Array<number>(parts).fill(0)
  const placed: number[] = []
  const order = weights.map((weight, item) => ({ weight, item })).sort((a, b) => b.weight - a.weight || a.item - b.item)
  for (const { weight, item } of order) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least] = (loads[least] as number) + weight
    placed[item] = least
  }
  return placed
}

test('as one would do it by hand; and no two parts differ by more than the heaviest item', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(50), { maxLength: 60 }), (parts, weights) => {
      const loads = new Loads(parts)
      expect([...loads.placeAll(Float64Array.from(weights))]).toEqual(plainly(parts, weights))
      const all = Array.from({ length: parts }, (_, part) => loads.of(part))
      expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(Math.max(0, ...weights))
    }),
  )
})
