import { expect, test } from 'vitest'
import type { Aspect, Entry } from '../../src/store/contract.ts'
import type { Circumstances, Difference } from '../../src/verify/differences.ts'
import { differences } from '../../src/verify/differences.ts'

const files: Circumstances = circumstances(['mtime', 'mode'])
const redis: Circumstances = circumstances(['type', 'expiry'])
const mixed: Circumstances = { ...redis, dest: { holds: ['mtime', 'mode'] } }

const TABLE: readonly [string, Partial<Entry>, Partial<Entry>, Circumstances, readonly Difference[]][] = [
  ['nothing known, nothing different', {}, {}, files, []],
  ['size', { sizeBytes: 1 }, { sizeBytes: 2 }, files, ['size']],
  ['a size that one side does not tell', { sizeBytes: 1 }, {}, files, []],
  ['mtime', { mtimeMs: 1 }, { mtimeMs: 2 }, files, ['mtime']],
  ['mode', { mode: 0o644 }, { mode: 0o600 }, files, ['mode']],
  ['a time that the destination does not keep', { mtimeMs: 1 }, { mtimeMs: 2 }, mixed, []],
  ['type', { type: 'hash' }, { type: 'string' }, redis, ['type']],
  ['kinds that mean nothing to each other', { type: 'string' }, { type: 'file' }, mixed, []],
  ['expiry', { expiresMs: 1000 }, { expiresMs: 2000 }, redis, ['expiry']],
  ['an expiry that was lost', { expiresMs: 1000 }, {}, redis, ['expiry']],
  ['an expiry that was not there', {}, { expiresMs: 1000 }, redis, ['expiry']],
  ['an expiry that the destination cannot hold', { expiresMs: 1000 }, {}, mixed, ['expiry']],
  ['the same, and the copy has said so', { expiresMs: 1000 }, {}, { ...mixed, lost: ['expires'] }, []],
  ['an expiry as close as Redis 6.2 tells it', { expiresMs: 1000 }, { expiresMs: 1002 }, redis, []],
  ['an expiry three milliseconds off', { expiresMs: 1000 }, { expiresMs: 1003 }, redis, ['expiry']],
  ['one thing under two names', { object: '1:2' }, { object: '1:2' }, files, ['same-object']],
  ['two things', { object: '1:2' }, { object: '1:3' }, files, []],
  ['what a merge leaves as it was', { expiresMs: 1, sizeBytes: 1 }, { sizeBytes: 9 }, { ...redis, merged: true }, []],
  ['what a merge may not change', { type: 'hash' }, { type: 'set' }, { ...redis, merged: true }, ['type']],
]

test.each(TABLE)('%s', (_, here, there, given, expected) => {
  expect(differences({ key: 'a', ...here }, { key: 'b', ...there }, given)).toEqual(expected)
})

function circumstances(holds: readonly Aspect[]): Circumstances {
  return { source: { holds }, dest: { holds }, lost: [], merged: false }
}
