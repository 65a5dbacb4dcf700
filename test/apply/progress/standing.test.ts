/** What a row says next, from what it has said before. */
import { describe, expect, test } from 'vitest'
import { busyPercent } from '../../../src/apply/progress/host-load.ts'
import { beforeOf, heartbeatOf, rowOf } from '../../../src/apply/progress/row.ts'
import type { Update } from '../../../src/apply/progress/standing.ts'
import { hasRival, nextStanding, WHOLE } from '../../../src/apply/progress/standing.ts'
import type { Sample } from '../../../src/stage/progress/samples.ts'
import { rateOf } from '../../../src/stage/progress/samples.ts'
import { NO_COUNTS } from '../../../src/stage/progress/standing.ts'

const START = Date.parse('2026-01-01T00:00:00.000Z')
const GROUP = { customer: 'c', space: 's' }
const WRITER = { instance: 'pi-1', worker: undefined }

function update(changes: Partial<Update>): Update {
  return {
    share: WHOLE,
    run: 'run-1',
    counts: NO_COUNTS,
    errors: {},
    failures: [],
    isEnded: false,
    completesAtEnd: false,
    startedMs: START,
    settledAtStart: 0,
    ...changes,
  }
}

/** The row that is written over this one, as it comes back from a store. */
function next(row: object | undefined, changes: Partial<Update>, atMs: number): Record<string, unknown> {
  const standing = nextStanding(beforeOf(row as Record<string, unknown>), update(changes), atMs)
  return JSON.parse(JSON.stringify({ ...row, ...rowOf(row as Record<string, unknown>, GROUP, standing, WRITER) }))
}

test('a failed group that is done again is in progress again, keeps createdAt and loses its error', () => {
  const failed = next(
    undefined,
    { counts: { ...NO_COUNTS, done: 4, failed: 6 }, errors: { E_BUSY: 6 }, total: 10, isEnded: true },
    START,
  )
  expect(failed).toMatchObject({ status: 'failed', error: '{"E_BUSY":6}', endedAt: '2026-01-01T00:00:00.000Z' })
  const again = next(failed, { run: 'run-2', counts: { ...NO_COUNTS, done: 1 }, startedMs: START + 1000 }, START + 2000)
  expect(again).toMatchObject({
    status: 'in-progress',
    totalUploads: 10,
    completedUploads: 1,
    failedUploads: 0,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:02.000Z',
  })
  expect(again).not.toHaveProperty('error')
  expect(again).not.toHaveProperty('endedAt')
  const done = next(again, { run: 'run-2', counts: { ...NO_COUNTS, done: 4, skipped: 6 } }, START + 3000)
  expect(done).toMatchObject({ status: 'completed', completedUploads: 10 })
})

test('a row of an earlier migrator is gone on from: its plan and its birth', () => {
  const foreign = {
    customer: 'c',
    space: 's',
    status: 'failed',
    totalUploads: 10,
    completedUploads: 7,
    error: '',
    createdAt: 'x',
  }
  expect(next(foreign, { counts: { ...NO_COUNTS, done: 2 } }, START)).toMatchObject({
    status: 'in-progress',
    totalUploads: 10,
    completedUploads: 2,
    createdAt: 'x',
  })
  const upserted = { customer: 'c', space: 's', status: 'failed', error: 'x', updatedAt: 'x' }
  expect(next(upserted, { counts: { ...NO_COUNTS, done: 2 } }, START)).not.toHaveProperty('totalUploads')
})

test('updatedAt stands while nothing changes, though the row is written', () => {
  const first = next(undefined, { counts: { ...NO_COUNTS, done: 1 }, total: 5 }, START)
  const same = next(first, { counts: { ...NO_COUNTS, done: 1 }, total: 5 }, START + 60_000)
  expect(same).toMatchObject({ updatedAt: first['updatedAt'], seenAt: '2026-01-01T00:01:00.000Z' })
  expect(next(same, { counts: { ...NO_COUNTS, done: 2 }, total: 5 }, START + 90_000)['updatedAt']).toBe(
    '2026-01-01T00:01:30.000Z',
  )
})

describe('shares', () => {
  const done = (count: number) => ({ ...NO_COUNTS, done: count })

  test('of parts add up, and each is over when its own run is', () => {
    const one = next(undefined, { share: 'a', counts: done(3), total: 10, isEnded: true }, START)
    const both = next(one, { share: 'b', run: 'run-2', counts: done(4) }, START)
    expect(both).toMatchObject({ status: 'in-progress', completedUploads: 7 })
    expect(both).not.toHaveProperty('endedAt')
    expect(next(both, { share: 'b', run: 'run-2', counts: done(7), isEnded: true }, START)).toMatchObject({
      status: 'completed',
      completedUploads: 10,
      endedAt: '2026-01-01T00:00:00.000Z',
    })
  })

  test('of a part that is done again by another host are counted once', () => {
    const one = next(undefined, { share: 'a', counts: done(3), total: 10 }, START)
    expect(
      next(one, { share: 'a', run: 'run-2', counts: done(5), startedMs: START + 1 }, START + 2)['completedUploads'],
    ).toBe(5)
  })

  test('of parts and of the whole exclude each other', () => {
    const whole = next(undefined, { counts: done(3), total: 10 }, START)
    const part = next(whole, { share: 'a', counts: done(4) }, START)
    expect(part['completedUploads']).toBe(4)
    expect(next(part, { counts: done(5) }, START)['completedUploads']).toBe(5)
  })

  test('of two living runs under one name are found out; those of a dead or ended one are not', () => {
    const theirs = (at: number, isEnded = false) =>
      beforeOf(next(undefined, { run: 'other', counts: done(3), isEnded }, at))
    expect(hasRival(theirs(START + 5000), update({}))).toBe(true)
    expect(hasRival(theirs(START + 5000, true), update({}))).toBe(false)
    expect(hasRival(theirs(START - 5000), update({}))).toBe(false)
    expect(hasRival(theirs(START + 5000), update({ run: 'other' }))).toBe(false)
  })

  test('that are spoilt count for nothing and break nothing', () => {
    const row = {
      status: 'in-progress',
      shares: { a: null, b: { run: 'x' }, c: { run: 'x', counts: { done: '3' } } },
      samples: [1, [2]],
    }
    expect(next(row, { share: 'd', counts: done(1) }, START)).toMatchObject({ completedUploads: 1 })
  })
})

test('samples begin with what the journals have settled, so that going on is no leap', () => {
  const row = next(undefined, { counts: { ...NO_COUNTS, done: 500 }, settledAtStart: 490 }, START + 10_000)
  const second = START / 1000
  expect(row['samples']).toEqual([
    [second, 490],
    [second + 10, 500],
  ])
})

test('a total that was too small grows with what is settled', () => {
  expect(next(undefined, { counts: { ...NO_COUNTS, done: 7 }, total: 5 }, START)).toMatchObject({
    totalUploads: 7,
    status: 'completed',
  })
})

test('a heartbeat names the shares that live', () => {
  const standing = nextStanding(undefined, update({ counts: { ...NO_COUNTS, done: 1 } }), START)
  const beat = heartbeatOf(standing, { instance: 'pi-1', worker: undefined }, { cpu: 1.5, mem: 20 })
  expect(beat).toMatchObject({
    timestamp: '2026-01-01T00:00:00.000Z',
    hostname: 'pi-1',
    system: { cpu: 1.5, mem: 20 },
    workers: { all: 1 },
    progress: { completedUploads: 1 },
  })
  const ended = nextStanding(undefined, update({ isEnded: true }), START)
  expect(heartbeatOf(ended, WRITER, { cpu: 0, mem: 0 })).toMatchObject({ workers: {} })
})

test('the load of a host', () => {
  expect(busyPercent({ busy: 100, all: 1000 }, { busy: 200, all: 1400 })).toBe(25)
  expect(busyPercent({ busy: 100, all: 1000 }, { busy: 100, all: 1000 })).toBe(0)
})

test('a run of less than a second has a rate', () => {
  const { samples } = next(undefined, { counts: { ...NO_COUNTS, done: 500 }, startedMs: START + 100 }, START + 400)
  expect(rateOf([samples as Sample[]], START / 1000 + 100)).toBe(5)
})
