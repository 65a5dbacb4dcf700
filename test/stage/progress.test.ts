/** Samples, keys and statuses of progress. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { KeyRecord } from '../../src/record/record.ts'
import { durationMs, spanText } from '../../src/stage/duration.ts'
import { placeOf, schemaOf } from '../../src/stage/progress/place.ts'
import type { Sample } from '../../src/stage/progress/samples.ts'
import { countAt, rateOf, withSample } from '../../src/stage/progress/samples.ts'
import { countedAs, statusOf } from '../../src/stage/progress/standing.ts'

describe('the status of a group', () => {
  const running = { isOver: false, completesAtEnd: false }
  const over = { isOver: true, completesAtEnd: false }
  test.each([
    ['nothing has passed', [0, 0, 10, running], 'pending'],
    ['nothing has passed and the run is over', [0, 0, 10, over], 'pending'],
    ['some of it', [9, 0, 10, running], 'in-progress'],
    ['some of it, some failed', [9, 1, 10, running], 'in-progress'],
    ['all of it', [10, 0, 10, running], 'completed'],
    ['all of it, some failed', [10, 1, 10, running], 'failed'],
    ['a limit was hit', [9, 0, 10, over], 'in-progress'],
    ['a limit was hit, some failed', [9, 1, 10, over], 'failed'],
    ['no plan', [1000, 0, undefined, running], 'in-progress'],
    ['no plan, and the end', [1000, 0, undefined, over], 'in-progress'],
    [
      'no plan, and the end is said to complete',
      [9, 0, undefined, { isOver: true, completesAtEnd: true }],
      'completed',
    ],
    ['no plan, the end completes, some failed', [9, 1, undefined, { isOver: true, completesAtEnd: true }], 'failed'],
    ['no plan, before the end', [9, 0, undefined, { isOver: false, completesAtEnd: true }], 'in-progress'],
    ['a limit, though the end is said to complete', [9, 0, 10, { isOver: true, completesAtEnd: true }], 'in-progress'],
  ] as const)('%s', (_, [settled, failed, total, how], status) => {
    expect(statusOf(settled, failed, total, how)).toBe(status)
  })

  test.each<[KeyRecord, string]>([
    [{ key: 'a' }, 'open'],
    [{ key: 'a', outcome: 'planned' }, 'open'],
    [{ key: 'a', outcome: 'done' }, 'done'],
    [{ key: 'a', outcome: 'done', verified: true }, 'done'],
    [{ key: 'a', outcome: 'done', verified: false }, 'failed'],
    [{ key: 'a', outcome: 'skipped', verified: false }, 'failed'],
    [{ key: 'a', outcome: 'unknown' }, 'unknown'],
    [{ key: 'a', outcome: 'unknown', verified: true }, 'done'],
    [{ key: 'a', outcome: 'skipped' }, 'skipped'],
  ])('%j is counted as %s', (record, word) => {
    expect(countedAs(record)).toBe(word)
  })
})

describe('samples', () => {
  const growing = (seconds: number, step: number, perSecond: number) => {
    let samples: readonly Sample[] = []
    for (let at = 0; at <= seconds; at += step) samples = withSample(samples, 1_000_000 + at, at * perSecond)
    return samples
  }

  test('are few however long it runs, in order, and the last is the newest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.nat(100)), { maxLength: 400, size: 'max' }),
        (steps) => {
          let samples: readonly Sample[] = []
          let [at, count] = [1_000_000, 0]
          for (const [seconds, more] of steps) {
            at += seconds
            count += more
            samples = withSample(samples, at, count)
            expect(samples.at(-1)).toEqual([at, count])
            expect(samples.length).toBeLessThanOrEqual(36)
            expect(samples.map(([time]) => time)).toEqual(samples.map(([time]) => time).toSorted((a, b) => a - b))
          }
        },
      ),
    )
  })

  test('tell the rate of the last 15 minutes, not of all the time', () => {
    const slow = growing(7200, 30, 1)
    const [lastAt, lastCount] = slow.at(-1) as Sample
    let samples = slow
    for (let s = 30; s <= 900; s += 30) samples = withSample(samples, lastAt + s, lastCount + s * 10)
    expect(rateOf([samples], lastAt + 900)).toBeCloseTo(10, 1)
    expect(rateOf([slow], lastAt)).toBeCloseTo(1, 2)
  })

  test('tell the rate of a run that has just begun', () => {
    expect(rateOf([growing(60, 30, 5)], 1_000_060)).toBeCloseTo(5, 5)
  })

  test('tell a rate that sinks when nothing more comes, down to nothing', () => {
    const samples = growing(900, 30, 10)
    expect(rateOf([samples], 1_000_900 + 450)).toBeCloseTo(5, 1)
    expect(rateOf([samples], 1_000_900 + 900)).toBe(0)
  })

  test('of several groups add up', () => {
    expect(rateOf([growing(900, 30, 10), growing(900, 60, 2)], 1_000_900)).toBeCloseTo(12, 5)
  })

  test('of nothing tell nothing', () => expect(rateOf([[], []], 1)).toBe(undefined))

  test('begin anew where a count has shrunk or a clock was far ahead', () => {
    const samples = growing(600, 60, 1)
    expect(withSample(samples, 1_000_700, 3)).toEqual([[1_000_700, 3]])
    expect(withSample(samples, 996_999, 700)).toEqual([[996_999, 700]])
  })

  test('stay where clocks of two hosts differ a little', () => {
    const samples = growing(600, 60, 1)
    const next = withSample(samples, 1_000_590, 700)
    expect([next[0], next.at(-1)]).toEqual([samples[0], [1_000_600, 700]])
  })

  test('give the count in between as if it had grown evenly', () => {
    const samples: Sample[] = [
      [100, 0],
      [200, 50],
    ]
    expect([50, 100, 150, 200, 300].map((at) => countAt(samples, at))).toEqual([0, 0, 25, 50, 50])
  })
})

describe('places', () => {
  const group = { customer: 'did:mailto:example.com:alice', space: 'did:key:z6Mk' }
  test.each([
    ['./progress/', 'did:mailto:example.com:alice/did:key:z6Mk.json', undefined],
    ['s3://bucket', 'migration-progress/did:mailto:example.com:alice/did:key:z6Mk.json', undefined],
    ['s3://bucket/a/b', 'a/b/did:mailto:example.com:alice/did:key:z6Mk.json', undefined],
    ['redis://h/0', 'migration-progress:did:mailto:example.com:alice/did:key:z6Mk', 'migration-progress:*'],
    ['dynamodb://t', '{"customer":"did:mailto:example.com:alice","space":"did:key:z6Mk"}', undefined],
  ])('a row in %s', (location, key, match) => {
    const place = placeOf(location, 'migration-progress')
    expect([place.groupKey(group), place.match]).toEqual([key, match])
  })

  test.each([
    ['s3://bucket/status/', 'status/pi-1.json', 's3://bucket/status/'],
    ['s3://bucket/staging/status', 'staging/status/pi-1.json', 's3://bucket/staging/status/'],
    ['./status/', 'pi-1.json', './status/'],
    ['redis://h/0', 'status:pi-1', 'redis://h/0'],
  ])('a heartbeat in %s', (location, key, opened) => {
    const place = placeOf(location, 'heartbeat')
    expect([place.hostKey('pi-1'), place.location]).toEqual([key, opened])
  })

  test('no heartbeat in a table', () => {
    expect(() => placeOf('dynamodb://t', 'heartbeat')).toThrow('--schema migration-progress')
  })

  test.each([
    ['s3://bucket/status/', 'heartbeat'],
    ['./status', 'heartbeat'],
    ['s3://bucket/mystatus/', 'migration-progress'],
    ['./status/rows/', 'migration-progress'],
  ])('%s holds %s', (location, schema) => expect(schemaOf(location)).toBe(schema))

  test('no value leaves its place, and no two share one', () => {
    const place = placeOf('./p/', 'migration-progress')
    const names = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('.', '..', '/', '../x', 'a/b', '%2E', 'x'.repeat(300)),
    )
    fc.assert(
      fc.property(names, names, (one, other) => {
        const key = place.groupKey({ customer: one, space: 's' })
        expect(key.split('/').length).toBe(2)
        expect(key.split('/')).not.toContain('..')
        expect(key.length).toBeLessThan(230)
        if (one.toWellFormed() !== other.toWellFormed())
          expect(place.groupKey({ customer: other, space: 's' })).not.toBe(key)
      }),
    )
  })
})

describe('times', () => {
  test.each([
    ['30', 30_000],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['250ms', 250],
    ['0', undefined],
    ['-1', undefined],
    ['1w', undefined],
    ['99d', undefined],
    ['', undefined],
  ])('%s', (text, ms) => expect(durationMs(text)).toBe(ms))

  test.each([
    [0, '0 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
    [90_000_000, '1 d 1 h'],
    [-5, '0 s'],
  ])('%d ms', (ms, text) => expect(spanText(ms)).toBe(text))
})
