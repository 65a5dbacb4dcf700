import { expect, test } from 'vitest'
import type { SeenLease } from '../../../src/store/lease/contract.ts'
import { standingOf, Watch } from '../../../src/store/lease/judge.ts'
import { parseLease } from '../../../src/store/lease/record.ts'

const STALE = 600_000

function seen(record: object, ageMs: number | undefined, mark = 'a'): SeenLease {
  return { record: parseLease(JSON.stringify(record)), version: 'v', mark, ageMs }
}

test.each<[string, SeenLease | undefined, number, string]>([
  ['no lease', undefined, 0, 'absent'],
  ['given back just now', seen({ state: 'released' }, 0), 0, 'released'],
  ['young by the store', seen({}, STALE), 0, 'held'],
  ['old by the store', seen({}, STALE + 1), 0, 'stale'],
  ['unknown to the store, seen to change', seen({}, undefined), STALE, 'held'],
  ['unknown to the store, without a change', seen({}, undefined), STALE + 1, 'stale'],
  [
    'old by the time that stands in it, young by the store',
    seen({ heartbeat_at: '2001-01-01T00:00:00Z' }, 0),
    0,
    'held',
  ],
  [
    'young by the time that stands in it, old by the store',
    seen({ heartbeat_at: '2999-01-01T00:00:00Z' }, STALE + 1),
    0,
    'stale',
  ],
  ['expired by the time that stands in it', seen({ expires_at: '2001-01-01T00:00:00Z' }, 0), 0, 'held'],
  ['of a holder that takes its time', seen({ stale_ms: 2 * STALE }, STALE + 1), 0, 'held'],
  ['of a holder that is quicker than we are', seen({ stale_ms: 1 }, STALE), 0, 'held'],
])('%s', (_, lease, unchangedMs, standing) => {
  expect(standingOf(lease, unchangedMs, STALE)).toBe(standing)
})

test('a lease is watched by its marks: each change begins anew, also one that leaves the version', () => {
  const watch = new Watch()
  expect(watch.unchangedMs('x', seen({}, 0, 'a'), 1_000)).toBe(0)
  expect(watch.unchangedMs('x', seen({}, 0, 'a'), 1_700)).toBe(700)
  expect(watch.unchangedMs('y', seen({}, 0, 'a'), 1_700)).toBe(0)
  expect(watch.unchangedMs('x', seen({}, 0, 'b'), 1_800)).toBe(0)
  expect(watch.unchangedMs('x', undefined, 1_900)).toBe(0)
  expect(watch.unchangedMs('x', seen({}, 0, 'b'), 2_000)).toBe(0)
})
