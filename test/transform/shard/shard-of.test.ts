import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Key } from '../../../src/record/key.ts'
import { Sharder } from '../../../src/transform/shard/shard-of.ts'

/**
 * Shards of one plan are worked on by many hosts, and a plan that was begun under one version is gone on with under
 * another: what stands here may never change. The second comes from the README of npm murmurhash3js: 0x9b5b7ba2.
 */
test.each<[Key, readonly number[]]>([
  ['', [0, 0, 0, 0, 0]],
  ["I will not buy this tobacconist's, it is scratched.", [0, 0, 2, 906, 0x9b5b7ba2]],
  ['a', [0, 0, 4, 92, 2811532092]],
  ['job:1', [0, 2, 0, 8, 1284366008]],
  ['indexes/domains/example.com.json', [1, 2, 1, 953, 1774518953]],
  ['did:key:z6MkExample', [1, 0, 1, 89, 1814404089]],
  ['ü', [1, 0, 3, 499, 1551659499]],
  ['😀', [0, 2, 4, 108, 4041407108]],
  [Buffer.from([0xff]), [1, 1, 3, 891, 3714499891]],
  ['x'.repeat(100), [0, 1, 2, 402, 2620864402]],
])('%j is in these shards of 2, 3, 8, 1000 and 2^32', (key, shards) => {
  expect([2, 3, 8, 1000, 2 ** 32].map((of) => new Sharder(of).shardOf(key))).toEqual(shards)
})

test('it hangs on nothing that came before, and lies from 0 to N - 1', () => {
  const sharders = new Map<number, Sharder>()
  const numbers = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 32 }))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), numbers, (key, of) => {
      const known = sharders.get(of) ?? new Sharder(of)
      sharders.set(of, known)
      const shard = known.shardOf(key)
      expect(shard).toBe(new Sharder(of).shardOf(key))
      expect(shard).toBeGreaterThanOrEqual(0)
      expect(shard).toBeLessThan(of)
    }),
  )
})

test('shards are of about one size', () => {
  const counts = new Array<number>(7).fill(0)
  const sharder = new Sharder(7)
  for (let at = 0; at < 70_000; at++) {
    const shard = sharder.shardOf(`job:${at}`)
    counts[shard] = (counts[shard] ?? 0) + 1
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})
