import { expect, test } from 'vitest'
import { decideWrite, IF_EXISTS } from '../../src/apply/if-exists.ts'
import { RekeyError } from '../../src/record/errors.ts'
import type { Entry } from '../../src/store/contract.ts'

const at = (mtimeMs?: number): Entry => ({ key: 'k', sizeBytes: 1, ...(mtimeMs === undefined ? {} : { mtimeMs }) })

test('an absent destination is created, whatever --if-exists says', () => {
  for (const ifExists of IF_EXISTS) expect(decideWrite(ifExists, 'k', at(1), undefined)).toEqual({ guard: 'absent' })
})

test('an absent destination is overwritten where that goes in batches, and created under any other policy', () => {
  const guards = IF_EXISTS.map((ifExists) =>
    decideWrite(ifExists, 'k', at(1), undefined, { overwritesInBatches: true }),
  )
  expect(guards).toEqual(IF_EXISTS.map((ifExists) => ({ guard: ifExists === 'overwrite' ? 'any' : 'absent' })))
})

test('a destination that will not tell is never written', () => {
  const error = new RekeyError('E_DENIED', 'no')
  for (const ifExists of IF_EXISTS)
    expect(decideWrite(ifExists, 'k', at(1), error)).toEqual({ outcome: 'failed', error })
})

test.each([
  ['skip', { outcome: 'skipped', reason: 'exists' }],
  ['overwrite', { guard: 'any' }],
  ['merge', { guard: 'merge' }],
] as const)('a destination that exists, with %s', (ifExists, expected) => {
  expect(decideWrite(ifExists, 'k', at(2), at(1))).toEqual(expected)
})

test('a destination that exists, with fail', () => {
  expect(decideWrite('fail', 'k', at(2), at(1))).toMatchObject({ outcome: 'failed', error: { code: 'E_EXISTS' } })
})

test.each([
  ['source newer', at(2), at(1), { guard: 'match', expect: { sizeBytes: 1, mtimeMs: 1 } }],
  ['the same time', at(1), at(1), { outcome: 'skipped', reason: 'not-newer' }],
  ['source older', at(1), at(2), { outcome: 'skipped', reason: 'not-newer' }],
  ['source gone', undefined, at(2), { outcome: 'skipped', reason: 'gone' }],
] as const)('newest: %s', (_, source, dest, expected) => {
  expect(decideWrite('newest', 'k', source, dest)).toEqual(expected)
})

test.each([
  ['source', at(), at(1)],
  ['destination', at(1), at()],
])('newest without the time of the %s fails the record', (_, source, dest) => {
  expect(decideWrite('newest', 'k', source, dest)).toMatchObject({ outcome: 'failed', error: { code: 'E_FIELD' } })
})
