import { expect, test } from 'vitest'
import { taskOf } from '../../src/apply/task.ts'
import type { KeyRecord } from '../../src/record/record.ts'

const plan: KeyRecord = { store: 's', key: 'a', to: 'b' }

test.each<[string, KeyRecord, object]>([
  ['a plan', plan, { kind: 'copy', source: 's', from: 'a', dest: 's', to: 'b' }],
  ['to another store', { ...plan, toStore: 't' }, { kind: 'copy', source: 's', dest: 't' }],
  ['what a dry run has planned', { ...plan, outcome: 'planned' }, { kind: 'copy' }],
  ['the same key of another store', { ...plan, to: 'a', toStore: 't' }, { kind: 'copy', to: 'a', dest: 't' }],
  ['the same key', { ...plan, to: 'a' }, { kind: 'skip', reason: 'same-key' }],
  ['no store', { key: 'a', to: 'b' }, { kind: 'fail', error: { code: 'E_FIELD' } }],
  ['no new key', { store: 's', key: 'a' }, { kind: 'fail', error: { code: 'E_FIELD' } }],
  ['a value to put', { ...plan, op: 'put', value: { n: 1 } }, { kind: 'put', dest: 's', to: 'b' }],
  ['a value to put under its own key', { store: 's', key: 'a', op: 'put', value64: '' }, { kind: 'put', to: 'a' }],
  ['nothing to put', { ...plan, op: 'put' }, { kind: 'fail', error: { code: 'E_FIELD' } }],
  ['a hash to put', { ...plan, op: 'put', type: 'hash', value: {} }, { kind: 'fail', error: { code: 'E_TYPE' } }],
  ['the latest version', { ...plan, version: 'v2', latest: true }, { kind: 'copy' }],
  ['an older version', { ...plan, version: 'v1', latest: false }, { kind: 'fail', error: { code: 'E_UNSUPPORTED' } }],
  [
    'a delete marker',
    { ...plan, version: 'v3', latest: true, type: 'delete-marker' },
    { kind: 'fail', error: { code: 'E_UNSUPPORTED' } },
  ],
  ['bytes for keys', { store: 's', key64: '/w==', to64: '/v4=' }, { kind: 'copy', from: Buffer.from([255]) }],
])('%s', (_, record, expected) => {
  expect(taskOf(record, false)).toMatchObject(expected)
})

test.each(['done', 'skipped', 'failed', 'unknown'] as const)('%s is settled', (outcome) => {
  expect(taskOf({ ...plan, outcome }, false)).toEqual({ kind: 'settled' })
})

test('--retry takes failed and unknown up again, and nothing else', () => {
  const kinds = (['done', 'skipped', 'failed', 'unknown'] as const).map(
    (outcome) => taskOf({ ...plan, outcome }, true).kind,
  )
  expect(kinds).toEqual(['settled', 'settled', 'copy', 'copy'])
})

test('a line that was no record stays settled under --retry', () => {
  const error = { code: 'E_INPUT', line: 1, message: 'not JSON', retryable: false } as const
  expect(taskOf({ outcome: 'failed', error, input: '{' }, true)).toEqual({ kind: 'settled' })
})
