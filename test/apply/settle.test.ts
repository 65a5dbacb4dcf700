/** A copy's outcome: what most records get is written by a short way, and reads as the long one has it. */
import { expect, test } from 'vitest'
import { settle, settleCopy } from '../../src/apply/settle.ts'
import type { Settlement } from '../../src/apply/work.ts'
import { RekeyError } from '../../src/record/errors.ts'
import type { Line } from '../../src/record/line.ts'
import { NO_VERDICT } from '../../src/record/line.ts'

const stamp = { ms: 12, at: '2026-01-05T10:00:00.000Z' }

const RECORDS = [
  '{"store":"s3://b","key":"a","to":"b"}',
  '{"store":"s3://b","key":"a","to":"b","size":1e2,"mine": [1, 2]}',
  '{"store":"s3://b","key":"a","to":"b","headers":{"content-type":"text/plain"},"tags":{"a":"b"}}',
  '{"store":"s3://b","key":"a","to":"b","outcome":"failed","error":{"code":"E_BUSY","message":"m","retryable":true},"tries":4}',
  '{"store":"s3://b","key":"a","to":"b","outcome":"done","toEtag":"old","ms":1,"at":"2025-01-05T10:00:00.000Z"}',
  '{"store":"s3://b","key":"a","to":"b","verified":true,"proof":"digest","digest":"md5:0"}',
  '{"store":"s3://b","key":"a","to":"b","toEtag":"old"}',
  '{"store":"s3://b","key":"a","to":"b","lost":["mode"]}',
  '{"store":"s3://b","key":"a","to":"b","outcome":null}',
]

const SETTLEMENTS: readonly Settlement[] = [
  { outcome: 'done' },
  { outcome: 'done', etag: 'e-2' },
  { outcome: 'done', etag: '"\u00e9' },
  { outcome: 'done', etag: 'e', reason: 'replaced' },
  { outcome: 'done', etag: 'e', lost: ['acl'] },
  { outcome: 'done', etag: 'e', tries: 2 },
  { outcome: 'done', headers: { 'content-type': 'text/html' } },
  { outcome: 'skipped', reason: 'exists' },
  { outcome: 'failed', error: new RekeyError('E_DENIED', 'no') },
  { outcome: 'planned', reason: 'dry-run' },
]

test.each(RECORDS)('%s', (text) => {
  for (const settlement of SETTLEMENTS) {
    const [line, reference] = [text, text].map((one) => ({ text: one, record: JSON.parse(one) })) as [Line, Line]
    settleCopy(line, settlement, stamp)
    const lost = settlement.outcome === 'done' ? { lost: settlement.lost } : {}
    settle(reference, settlement, stamp, { ...NO_VERDICT, ...lost })
    expect(line.text).toBe(reference.text)
    expect(line.record).toEqual(reference.record)
    expect(JSON.parse(line.text)).toEqual(line.record)
  }
})

test('what a copy elsewhere has lost is not said of one that has lost nothing', () => {
  const record = { store: 'redis://h/0', key: 'a', to: 'a', lost: ['expires'] }
  const line = { text: JSON.stringify(record), record }
  settleCopy(line, { outcome: 'done' }, stamp)
  expect(line.record).not.toHaveProperty('lost')
  expect(line.text).not.toContain('lost')
})
