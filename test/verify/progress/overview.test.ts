/** What rows and heartbeats come to: stalls, stuck rows, silent hosts, the end; and rows that others have written. */
import { describe, expect, test } from 'vitest'
import { escapeHtml, htmlPage } from '../../../src/verify/progress/html.ts'
import type { Overview } from '../../../src/verify/progress/overview.ts'
import { historyOf, hostState, isAlarm, isStuck, overviewOf, pendingOf } from '../../../src/verify/progress/overview.ts'
import type { Heartbeat, Row } from '../../../src/verify/progress/read.ts'
import { readEntry, timeOf } from '../../../src/verify/progress/read.ts'
import { etaText, percentText, rateText, reportLines, summary } from '../../../src/verify/progress/text.ts'

const NOW = Date.parse('2026-01-01T12:00:00.000Z')
const MINUTE = 60_000
const HOUR = 3_600_000
const ago = (ms: number) => new Date(NOW - ms).toISOString()

/** A row as it stands in a store. */
function row(fields: object): Row {
  const read = readEntry({
    key: 'k',
    value: { value: { customer: 'c', space: 's', status: 'in-progress', ...fields } },
  })
  if (read === undefined || !('row' in read)) throw new Error('no row')
  return read.row
}

function heartbeat(fields: object, mtimeMs?: number): Heartbeat {
  const value = { value: { hostname: 'pi-1', timestamp: ago(0), ...fields } }
  const read = readEntry({ key: 'k', value, ...(mtimeMs !== undefined && { mtimeMs }) })
  if (read === undefined || !('heartbeat' in read)) throw new Error('no heartbeat')
  return read.heartbeat
}

const overview = (rows: readonly Row[], heartbeats: readonly Heartbeat[] = []): Overview =>
  overviewOf(rows, heartbeats, NOW, HOUR)

describe('a row is stuck', () => {
  test.each([
    ['in progress and old', { updatedAt: ago(HOUR) }, true],
    ['in progress and not so old', { updatedAt: ago(HOUR - 1) }, false],
    ['old in another spelling of the time', { updatedAt: '2026-01-01T13:30:00+02:30' }, true],
    ['young in another zone, though its text sorts before', { updatedAt: '2026-01-01T06:59:00-05:00' }, false],
    ['old without a zone, which is UTC', { updatedAt: '2026-01-01T10:59:59.123456' }, true],
    ['without any time', {}, true],
    ['with createdAt alone', { createdAt: ago(MINUTE) }, false],
    ['completed and old', { status: 'completed', updatedAt: ago(9 * HOUR) }, false],
    ['failed and old', { status: 'failed', updatedAt: ago(9 * HOUR) }, false],
    ['pending and old', { status: 'pending', updatedAt: ago(9 * HOUR) }, false],
  ])('%s', (_, fields, expected) => expect(isStuck(row(fields), NOW, HOUR)).toBe(expected))
})

describe('it is stalled', () => {
  const work = { totalUploads: 10, completedUploads: 3, instanceId: 'pi-1' }
  const live = heartbeat({}, NOW - MINUTE)
  test.each([
    ['work, a living host, nothing in 15 minutes', [row({ ...work, updatedAt: ago(15 * MINUTE) })], [live], true],
    ['something was done', [row({ ...work, updatedAt: ago(14 * MINUTE) })], [live], false],
    ['a row says that its host lives', [row({ ...work, updatedAt: ago(16 * MINUTE), seenAt: ago(MINUTE) })], [], true],
    ['no host lives', [row({ ...work, updatedAt: ago(16 * MINUTE) })], [heartbeat({}, NOW - 6 * MINUTE)], false],
    ['nothing is left', [row({ ...work, status: 'completed', updatedAt: ago(16 * MINUTE) })], [live], false],
    [
      'nobody has begun',
      [row({ ...work, status: 'pending', completedUploads: 0, updatedAt: ago(16 * MINUTE) })],
      [live],
      true,
    ],
    ['nobody knows how much is left', [row({ updatedAt: ago(16 * MINUTE) })], [live], true],
    [
      'another group goes on',
      [row({ ...work, updatedAt: ago(HOUR) }), row({ ...work, space: 't', updatedAt: ago(1) })],
      [live],
      false,
    ],
  ])('%s', (_, rows, heartbeats, expected) => {
    expect(overview(rows, heartbeats).isStalled).toBe(expected)
    if (expected) expect(isAlarm(overview(rows, heartbeats))).toBe(true)
  })
})

describe('a host', () => {
  test.each([
    [300_000, false, 'live'],
    [300_001, false, 'stale'],
    [3_600_000, false, 'stale'],
    [3_600_001, false, 'offline'],
    [9_999_999, true, 'ended'],
  ] as const)('seen %d ms ago, ended: %s', (age, isEnded, state) => {
    expect(hostState(NOW - age, isEnded, NOW)).toBe(state)
  })

  test('never heard of is offline', () => expect(hostState(undefined, false, NOW)).toBe('offline'))

  test('is known by the time of the store, not by its own clock', () => {
    const beats = [
      heartbeat({ timestamp: ago(0) }, NOW - 10 * MINUTE),
      heartbeat({ hostname: 'pi-2', timestamp: '2026-01-01T11:59:00' }),
    ]
    expect(overview([], beats).hosts.map(({ name, state }) => [name, state])).toEqual([
      ['pi-1', 'stale'],
      ['pi-2', 'live'],
    ])
  })

  test.each([
    ['ahead, and that has died', -3 * HOUR, 2 * HOUR, 'offline', true],
    ['behind, and that works', 3 * HOUR, MINUTE, 'live', false],
  ] as const)('whose clock is %s, is judged by the time of the store', (_, behindMs, beatenMs, state, isWrong) => {
    const written = ago(beatenMs + behindMs)
    const progress = { status: 'in-progress', totalUploads: 9, updatedAt: written, seenAt: written }
    const seen = overview([], [heartbeat({ timestamp: written, progress }, NOW - beatenMs)])
    expect(seen).toMatchObject({ hosts: [{ state }], isStalled: false })
    expect([isAlarm(seen), seen.stuckRows.length]).toEqual([isWrong, isWrong ? 1 : 0])
  })

  test('has cpu, memory and workers in the old form and in the new one', () => {
    const old = heartbeat({
      system: { cpu_percent: 1.5, memory_percent: 2, memory_available_gb: 3.1 },
      workers: { scrape: 1, details: 2 },
    })
    const today = heartbeat({ system: { cpu: 4, mem: 5 }, workers: { s: 1, d: 2, e: 0 } })
    expect([old, today]).toMatchObject([
      { cpu: 1.5, mem: 2, workers: { scrape: 1, details: 2 } },
      { cpu: 4, mem: 5, workers: { s: 1, d: 2, e: 0 } },
    ])
  })

  test('that has told that its run is over is not silent', () => {
    const rows = [row({ instanceId: 'pi-1', updatedAt: ago(2 * HOUR), endedAt: ago(2 * HOUR) })]
    expect(overview(rows).hosts).toMatchObject([{ name: 'pi-1', state: 'ended' }])
  })

  const pending = { instanceId: 'pi-1', status: 'pending', totalUploads: 10, updatedAt: ago(6 * MINUTE) }
  test.each([
    ['whose groups are all pending is missed', [row(pending), row({ ...pending, space: 't' })], [], 2],
    ['with a group in progress is missed', [row({ ...pending, status: 'in-progress' })], [], 1],
    ['that has told a heartbeat only is missed by what that says', [], [{ status: 'in-progress' }], 1],
    ['with nothing left is not', [row({ ...pending, status: 'completed' })], [], 0],
    ['whose run has ended by a limit is not', [row({ ...pending, status: 'in-progress', endedAt: ago(HOUR) })], [], 0],
    ['that has beaten a moment ago is not', [row({ ...pending, seenAt: ago(MINUTE) })], [], 0],
    ['of which nobody knows what it was to do is not', [], [undefined], 0],
  ])('that is silent and %s', (_, rows, beats, held) => {
    const beaten = beats.map((progress) => heartbeat({ ...(progress && { progress }) }, NOW - 6 * MINUTE))
    const seen = overview(rows, beaten)
    expect(isAlarm(seen)).toBe(held > 0)
    expect(summary(seen).includes(', 1 HOST MISSED')).toBe(held > 0)
    const line = reportLines(seen, { failed: false, stuck: false }, 9).find((one) => one.startsWith('  pi-1: '))
    const says = `HOLDS ${held} UNFINISHED GROUP${held === 1 ? '' : 'S'}`
    expect(line?.includes(says)).toBe(held > 0)
    expect(htmlPage(seen, undefined).includes(says.toLowerCase())).toBe(held > 0)
  })

  test('that writes rows and heartbeats is counted once', () => {
    const progress = { status: 'in-progress', totalUploads: 10, completedUploads: 4 }
    const both = overview(
      [row({ instanceId: 'pi-1', totalUploads: 10, completedUploads: 4 })],
      [heartbeat({ progress })],
    )
    expect([both.completed, both.total, both.hosts.length]).toEqual([4, 10, 1])
    expect(overview([], [heartbeat({ progress })])).toMatchObject({ completed: 4, total: 10, hosts: [{ settled: 4 }] })
  })
})

describe('rows of an earlier migrator', () => {
  test('that are completed with fewer uploads than there were are completed', () => {
    const rows = [row({ status: 'completed', totalUploads: 25, completedUploads: 20, error: '' })]
    expect(overview(rows)).toMatchObject({ completed: 25, pending: 0, failed: 0, failedRows: [] })
    expect(isAlarm(overview(rows))).toBe(false)
  })

  test('that have failed without createdAt and total', () => {
    const rows = [row({ status: 'failed', error: '{"MISSING_DELEGATION":3,"UNKNOWN_ERROR":1}', updatedAt: ago(1) })]
    const { failedRows, groups } = overview(rows)
    expect([failedRows.length, groups.failed]).toEqual([1, 1])
    expect(failedRows[0]?.errors).toEqual({ MISSING_DELEGATION: 3, UNKNOWN_ERROR: 1 })
  })

  test.each([
    ['', {}],
    ['  ', {}],
    [null, {}],
    [undefined, {}],
    ['boom', { boom: 1 }],
    ['{"A":2}', { A: 2 }],
    ['{}', { '{}': 1 }],
    ['[1]', { '[1]': 1 }],
    [{ A: 1 }, { A: 1 }],
  ])('error %j', (error, errors) => expect(row({ error }).errors).toEqual(errors))

  test('with numbers as text', () =>
    expect(row({ totalUploads: '30', completedUploads: '7' })).toMatchObject({ total: 30, completed: 7 }))

  test('of customers, without a space', () => {
    const read = readEntry({
      key: 'k',
      value: { value: { customer: 'c', status: 'in-progress', totalSpaces: 3, instanceId: '1' } },
    })
    expect(read).toMatchObject({ row: { customer: 'c', space: '*', instance: '1' } })
  })

  test.each([
    [{ customer: 'c' }],
    [{ status: 'x', customer: 'c' }],
    ['text'],
    [[1]],
    [null],
    [{ domain: 'x', status: 'failed' }],
  ])('%j is none', (value) => expect(readEntry({ key: 'k', value: { value } })).toBe(undefined))
})

describe('the end', () => {
  const second = NOW / 1000
  const samples = [
    [second - 900, 0],
    [second, 900],
  ]

  test('is what is left at the rate of the last 15 minutes', () => {
    const found = overview([row({ totalUploads: 4500, completedUploads: 900, samples, updatedAt: ago(0) })])
    expect(found).toMatchObject({ ratePerSecond: 1, pending: 3600, etaMs: HOUR })
    expect(etaText(found)).toBe('ends in 1 h 0 min (13:00 UTC)')
    expect(summary(found)).toBe('900 of 4,500 (20.0 %), 3,600 to do, 1.0/s, ends in 1 h 0 min (13:00 UTC)')
  })

  test('on another day names the day', () => {
    const found = overview([row({ totalUploads: 50_000, completedUploads: 900, samples })])
    expect(etaText(found)).toContain('(2026-01-02 01:38 UTC)')
  })

  test.each([
    ['without a rate', row({ totalUploads: 10 })],
    ['when nothing is left', row({ status: 'completed', totalUploads: 900, completedUploads: 900, samples })],
    [
      'when nothing is being done',
      row({
        totalUploads: 9,
        samples: [
          [second - 900, 5],
          [second, 5],
        ],
      }),
    ],
  ])('nobody knows %s', (_, one) => expect(etaText(overview([one]))).toBe(undefined))

  test('history is the rate from the first sample to now', () => {
    const steps = historyOf(overview([row({ samples })]), 3)
    expect(steps.map(({ ratePerSecond }) => ratePerSecond)).toEqual([1, 1, 1])
    expect(steps[0]?.fromMs).toBe(NOW - 900_000)
    expect(historyOf(overview([row({})]), 3)).toEqual([])
  })
})

test('pending is what is neither done nor failed, and never below nothing', () => {
  expect(pendingOf(row({ totalUploads: 10, completedUploads: 4, failedUploads: 1 }))).toBe(5)
  expect(pendingOf(row({ totalUploads: 10, completedUploads: 14 }))).toBe(0)
  expect(pendingOf(row({ completedUploads: 4 }))).toBe(0)
})

test.each([
  [0, 0, '100 %'],
  [9999, 10_000, '99.9 %'],
  [99_999, 100_000, '99.9 %'],
  [1, 1, '100.0 %'],
])('%d of %d', (part, whole, text) => expect(percentText(part, whole)).toBe(text))

test.each([
  [undefined, 'rate unknown'],
  [0, '0.0/s'],
  [0.5, '30.0/min'],
  [12.34, '12.3/s'],
  [1234.5, '1,235/s'],
])('a rate of %s', (rate, text) => expect(rateText(rate)).toBe(text))

test.each([
  ['', undefined],
  ['yesterday', undefined],
  [1_767_268_800, NOW],
  [1_767_268_800_000, NOW],
  ['2026-01-01T12:00:00Z', NOW],
  ['2026-01-01T12:00:00.000000', NOW],
])('time %j', (value, ms) => expect(timeOf(value)).toBe(ms))

describe('what rows hold', () => {
  const evil = '</span><script>alert("1")</script>&\u0007\u202e\u001b[2J\''
  const rows = [
    row({
      customer: evil,
      space: evil,
      status: 'failed',
      instanceId: evil,
      lastProcessedUpload: evil,
      error: evil,
      totalUploads: 3,
      failedUploads: 1,
      shares: { all: { counts: { failed: 1 }, failures: [{ key: evil, code: evil, message: evil }] } },
      samples: [
        [NOW / 1000 - 60, 0],
        [NOW / 1000, 2],
      ],
    }),
    row({ customer: evil, updatedAt: ago(2 * HOUR) }),
  ]

  test('is escaped in the page', () => {
    const page = htmlPage(overview(rows), undefined)
    expect(page).not.toContain('<script')
    expect(page).not.toContain('alert("1")')
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(6)
    expect(page).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    expect(escapeHtml(`<a b="c" d='e'>&`)).toBe('&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;')
  })

  test('cannot steer a terminal', () => {
    expect(reportLines(overview(rows), { failed: false, stuck: false }, 40).join('')).not.toMatch(/[\p{Cc}\u202e]/u)
  })
})

test('the page needs nothing of elsewhere, and is renewed only where it is watched', () => {
  const page = htmlPage(overview([row({ totalUploads: 5 })]), 30_000)
  expect(page).not.toMatch(/https?:|src=|href=|url\(|@import|<script|<link/)
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  expect(page).toContain('name="viewport"')
  expect(page).toContain('<meta http-equiv="refresh" content="30">')
  expect(htmlPage(overview([]), undefined)).not.toContain('refresh')
})

test('the page does not draw as whole what nobody knows the whole of', () => {
  const page = htmlPage(overview([row({ completedUploads: 5 })]), undefined)
  expect(page).not.toContain('class="bar')
  expect(page).toContain('<dt>to do</dt><dd>unknown</dd>')
  expect(htmlPage(overview([row({ totalUploads: 9, completedUploads: 5 })]), undefined)).toContain('class="bar')
})
