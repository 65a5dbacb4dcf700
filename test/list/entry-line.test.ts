import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EntryLines } from '../../src/list/entry-line.ts'
import { IsoTimes } from '../../src/list/iso-time.ts'
import type { Entry } from '../../src/store/contract.ts'

const ENTRY: Entry = {
  key: 'a"\n😀',
  sizeBytes: 5,
  etag: 'e-1',
  mtimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  mode: 0o100644,
  type: 'file',
  expiresMs: 0,
  version: 'v\\1',
  latest: false,
  value: { value: { n: [1, 'two'] } },
}

test('an entry with all that there is', () => {
  const line = new EntryLines('s3://b').line(ENTRY)
  const record = {
    store: 's3://b',
    key: 'a"\n😀',
    size: 5,
    etag: 'e-1',
    mtime: '2026-01-02T03:04:05.006Z',
    mode: '0644',
    type: 'file',
    expires: '1970-01-01T00:00:00.000Z',
    version: 'v\\1',
    latest: false,
    value: { n: [1, 'two'] },
  }
  expect(line.text).toBe(JSON.stringify(record))
  expect(line.record).toEqual(record)
})

test.each<[string, Entry, string]>([
  ['a key alone', { key: 'a' }, '{"store":"s","key":"a"}'],
  ['bytes', { key: Buffer.from([255]) }, '{"store":"s","key64":"/w=="}'],
  ['bytes as value', { key: 'a', value: { value64: '/w==' } }, '{"store":"s","key":"a","value64":"/w=="}'],
  ['times that no Date holds', { key: 'a', mtimeMs: -1e17, expiresMs: 8.64e15 + 1 }, '{"store":"s","key":"a"}'],
  ['null as value', { key: 'a', value: { value: null } }, '{"store":"s","key":"a","value":null}'],
])('%s', (_, entry, text) => {
  expect(new EntryLines('s').line(entry).text).toBe(text)
})

test('times are those of Date', () => {
  const times = new IsoTimes()
  const any = fc.oneof(
    fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 }),
    fc.integer(),
    fc.double({ min: -1e14, max: 1e14, noNaN: true }),
  )
  fc.assert(
    fc.property(any, (ms) => times.text(ms) === new Date(ms).toISOString()),
    { numRuns: 2000 },
  )
})
