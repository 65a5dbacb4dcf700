import { expect, test } from 'vitest'
import { latestTime } from '../../../src/store/mtime.ts'

const NOON = Date.UTC(2025, 0, 2, 12)

test.each([
  [['2025-01-02T12:00:00Z'], NOON],
  [['2025-01-02T12:00:00'], NOON],
  [['2025-01-02 12:00:00'], NOON],
  [['2025-01-02T12:00:00.123Z'], NOON + 123],
  [['2025-01-02T12:00:00.123456Z'], NOON + 123],
  [['2025-01-02T14:00:00+02:00'], NOON],
  [['2025-01-02T14:00:00+0200'], NOON],
  [['2025-01-02'], Date.UTC(2025, 0, 2)],
  [['1735819200'], NOON],
  [['1735819200.5'], NOON + 500],
  [['1735819200000'], NOON],
  [[undefined, '1735819200', '2025-01-02T11:00:00Z'], NOON],
  [['never', '1735819200', ''], NOON],
  [[], undefined],
  [[undefined, '', 'never', '7', '-1', '2025', '2025-13-45T00:00:00Z', '99999999999999999999'], undefined],
])('%j tell %s', (texts, expected) => {
  expect(latestTime(texts)).toBe(expected)
})
