/** The leases of cocli's workers, in the forms that are found in the wild, and ours as they read them. */
import { expect, test } from 'vitest'
import { leaseText, leaseTimeMs, parseLease, released, timesOf } from '../../../src/store/lease/record.ts'

test.each([
  [
    'with an offset',
    '{"worker_id":"pi-1","created_at":"2026-02-05T23:45:00+00:00","heartbeat_at":"2026-02-05T23:50:00+00:00","expires_at":"2026-02-06T00:00:00+00:00"}',
    Date.UTC(2026, 1, 5, 23, 50),
  ],
  [
    'with another offset',
    '{"worker_id":"pi-1","created_at":"2026-02-05T23:45:00Z","heartbeat_at":"2026-02-06T00:50:00+01:00"}',
    Date.UTC(2026, 1, 5, 23, 50),
  ],
  [
    'naive, which is UTC',
    '{"worker_id":"pi-1","created_at":"2026-02-05T23:45:00","heartbeat_at":"2026-02-05T23:50:00.000001"}',
    Date.UTC(2026, 1, 5, 23, 50),
  ],
  ['without a heartbeat', '{"worker_id":"pi-1","created_at":"2026-02-05T23:45:00"}', undefined],
])('a lease of cocli %s', (_, text, heartbeatMs) => {
  const lease = parseLease(text)
  expect(lease).toMatchObject({ worker_id: 'pi-1', token: 0, beats: 0, attempts: 0, state: 'held' })
  expect(leaseTimeMs(lease.heartbeat_at)).toBe(heartbeatMs)
})

test.each(['', '{', 'null', '[]', '"x"', '{"token":-1,"pid":"x","stale_ms":0}'])('%j is held by somebody', (text) => {
  expect(parseLease(text)).toEqual({
    worker_id: 'unknown',
    token: 0,
    beats: 0,
    attempts: 0,
    state: 'held',
    created_at: '',
  })
})

test('ours has the fields and times that cocli reads, and is given up for it when it is released', () => {
  const now = Date.UTC(2026, 1, 5, 23, 45)
  const held = {
    worker_id: 'w',
    token: 3,
    beats: 1,
    state: 'held' as const,
    attempts: 0,
    ...timesOf(now, now + 1, 900_000),
  }
  expect(JSON.parse(leaseText(held))).toMatchObject({
    worker_id: 'w',
    created_at: '2026-02-05T23:45:00.000+00:00',
    heartbeat_at: '2026-02-05T23:45:00.001+00:00',
    expires_at: '2026-02-06T00:00:00.001+00:00',
  })
  const back = parseLease(leaseText(released(held, 2)))
  expect(back).toMatchObject({ state: 'released', token: 3, beats: 2, attempts: 2 })
  expect(leaseTimeMs(back.expires_at)).toBe(0)
})
