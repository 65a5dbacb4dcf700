import { expect, test } from 'vitest'
import type { Removal } from '../../src/apply/deletion.ts'
import { deletionOf, hasChanged, isRecognised } from '../../src/apply/deletion.ts'
import type { KeyRecord } from '../../src/record/record.ts'
import type { Entry } from '../../src/store/contract.ts'

const done: KeyRecord = { store: 's', key: 'a', to: 'b', outcome: 'done', verified: true, digest: 'd:1' }

const TABLE: readonly [string, KeyRecord, string, string][] = [
  ['a created, verified copy', done, 'remove', 'remove'],
  ['a verified copy that replaced something', { ...done, reason: 'replaced' }, 'remove', 'not-created'],
  ['a verified merge', { ...done, reason: 'merged' }, 'remove', 'not-created'],
  [
    'a verified destination that was there before',
    { ...done, outcome: 'skipped', reason: 'exists' },
    'remove',
    'not-created',
  ],
  ['a verified copy of which no answer came', { ...done, outcome: 'unknown' }, 'remove', 'not-created'],
  ['a verified copy by another tool', { ...done, outcome: undefined } as unknown as KeyRecord, 'remove', 'not-created'],
  ['a copy that was not verified', { store: 's', key: 'a', to: 'b', outcome: 'done' }, 'not-verified', 'not-verified'],
  ['a copy that differs', { ...done, verified: false }, 'not-verified', 'not-verified'],
  ['a plan', { store: 's', key: 'a', to: 'b' }, 'not-verified', 'not-verified'],
  ['a key that is its own destination', { ...done, to: 'a' }, 'same-key', 'same-key'],
  [
    'a value that was put under its own key',
    { store: 's', key: 'a', op: 'put', value: 'x', outcome: 'done', verified: true },
    'settled',
    'remove',
  ],
  ['a failed record', { ...done, outcome: 'failed' }, 'settled', 'settled'],
  ['a record that stays as it is', { ...done, outcome: 'skipped', reason: 'unchanged' }, 'settled', 'settled'],
  ['a record that was deleted before', { ...done, deleted: 'source' }, 'settled', 'settled'],
  [
    'a key that has expired on both sides',
    { store: 's', key: 'a', to: 'b', outcome: 'done', reason: 'gone' },
    'settled',
    'settled',
  ],
  ['a record without a new key', { store: 's', key: 'a', verified: true }, 'settled', 'settled'],
]

test.each(TABLE)('%s', (_, record, source, dest) => {
  expect([said(record, 'source'), said(record, 'dest')]).toEqual([source, dest])
})

test('a source goes only while its copy is there, and only what was verified', () => {
  expect(deletionOf({ ...done, toStore: 't', size: 3, mtime: '2026-01-01T00:00:00.000Z' }, 'source')).toEqual({
    kind: 'remove',
    side: 'source',
    store: 's',
    key: 'a',
    witness: { store: 't', key: 'b', expect: { digest: 'd:1' } },
    expect: { sizeBytes: 3, mtimeMs: Date.UTC(2026, 0, 1), digest: 'd:1' },
  })
})

test('a destination of another kind is recognised by its own digest and etag', () => {
  const record = { ...done, toStore: 't', etag: 'source', toEtag: 'dest', toDigest: 'e:2' }
  expect(deletionOf(record, 'dest')).toMatchObject({ store: 't', key: 'b', expect: { etag: 'dest', digest: 'e:2' } })
})

test('a copy that has lost its time is not recognised by it', () => {
  const record = { ...done, size: 3, mtime: '2026-01-01T00:00:00.000Z', lost: ['mtime'] }
  expect(deletionOf(record, 'dest')).toMatchObject({ expect: { sizeBytes: 3, digest: 'd:1' } })
  expect(deletionOf(record, 'dest')).not.toHaveProperty('expect.mtimeMs')
})

test('a value that was put is not recognised by what its record says of the source', () => {
  const record = { ...done, op: 'put', size: 3, mtime: '2026-01-01T00:00:00.000Z', toEtag: 'dest' } as const
  expect(deletionOf(record, 'dest')).toMatchObject({ expect: { etag: 'dest', digest: 'd:1' } })
  expect(deletionOf(record, 'dest')).not.toHaveProperty('expect.sizeBytes')
  expect(deletionOf(record, 'dest')).not.toHaveProperty('expect.mtimeMs')
})

test.each<[string, string | undefined, string | undefined, boolean]>([
  ['equal etags', 'etag:e1', 'e1', false],
  ['the MD5 of the content', 'md5:e1', 'e1', false],
  ['the etag of an upload in parts', 'etag-e1-2:3', 'e1-2', false],
  ['equal etags', 'etag:e1', 'e2', true],
  ['the MD5 of the content', 'md5:e1', 'e1-2', true],
  ['the etag of an upload in parts', 'etag-e1-2:3', 'e1-3', true],
  ['the digest of an item', `dynamodb-1a2b3c4d:${'e1'.repeat(32)}`, 'e1'.repeat(16), false],
  ['the digest of an item', `dynamodb-1a2b3c4d:${'e1'.repeat(32)}`, 'e2'.repeat(16), true],
  ['what was read', 'sha256:e1', 'e2', false],
  ['a copy whose store tells no etag', 'etag:e1', undefined, false],
  ['its size alone', undefined, 'e2', false],
])('a copy proven by %s: %s, and now %s', (_, toDigest, etag, changed) => {
  const record: KeyRecord = { ...done, digest: 'd:1', size: 3, ...(toDigest === undefined ? {} : { toDigest }) }
  const there = { key: 'b', sizeBytes: 3, ...(etag === undefined ? {} : { etag }) }
  expect(hasChanged(deletionOf(record, 'source') as Removal, there)).toBe(changed)
  expect(hasChanged(deletionOf(record, 'source') as Removal, { ...there, sizeBytes: 4 })).toBe(true)
  expect(hasChanged(deletionOf(record, 'dest') as Removal, { ...there, sizeBytes: 4 })).toBe(false)
})

const TIME = Date.UTC(2026, 0, 1)

test.each<[string, Partial<KeyRecord>, Partial<Entry>, boolean]>([
  ['an etag, where etags were the proof', { toDigest: 'etag:e1' }, { etag: 'e1' }, true],
  ['an etag, where another digest was', { toDigest: 'dynamodb-1:d' }, { etag: 'e1' }, false],
  ['size and time', { size: 3, mtime: new Date(TIME).toISOString() }, { sizeBytes: 3, mtimeMs: TIME }, true],
  ['a size with another time', { size: 3, mtime: new Date(0).toISOString() }, { sizeBytes: 3, mtimeMs: TIME }, false],
  ['a size that the record does not have', {}, { sizeBytes: 3, mtimeMs: TIME }, false],
  ['nothing', { size: 3 }, {}, false],
])('whether a look recognises a copy by %s', (_, more, there, recognised) => {
  expect(isRecognised(deletionOf({ ...done, ...more }, 'source') as Removal, { key: 'b', ...there })).toBe(recognised)
})

function said(record: KeyRecord, side: 'source' | 'dest'): string {
  const deletion = deletionOf(record, side)
  return deletion.kind === 'skip' ? deletion.reason : deletion.kind
}

test('a digest that is no text recognises nothing, and holds up no other key', () => {
  const record = { store: 's', key: 'a', to: 'b', outcome: 'done', verified: true, digest: 5 } as unknown as KeyRecord
  expect(deletionOf(record, 'source')).toMatchObject({ expect: { digest: '5' }, witness: { expect: { digest: '5' } } })
})
