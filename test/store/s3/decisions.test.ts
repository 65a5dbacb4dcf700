/** What the store decides without looking: how keys are looked up, whether an object is as expected, what a guard allows. */
import { expect, test } from 'vitest'
import type { Evidence, Guard } from '../../../src/store/contract.ts'
import { conditionOf, needsLook } from '../../../src/store/s3/destination-guard.ts'
import { notAsExpected, weigh } from '../../../src/store/s3/evidence.ts'
import { headsBeforePage, sharedPrefix } from '../../../src/store/s3/look-plan.ts'
import { plainEtag } from '../../../src/store/s3/stored-object.ts'

const now = { key: 'k', sizeBytes: 5, etag: 'e', mtimeMs: 7000 }

test.each<[Evidence, string]>([
  [{ sizeBytes: 6, etag: 'e' }, 'changed'],
  [{ etag: 'f', digest: 'md5:aa', mtimeMs: 7000 }, 'changed'],
  [{ sizeBytes: 5, etag: 'e', mtimeMs: 1000 }, 'same'],
  [{ digest: 'md5:bb', mtimeMs: 7000 }, 'changed'],
  [{ digest: 'md5:aa', mtimeMs: 1000 }, 'same'],
  [{ digest: 'sha256:bb', mtimeMs: 1000 }, 'changed'],
  [{ digest: 'sha256:bb', mtimeMs: 7999 }, 'same'],
  [{ mtimeMs: 7999 }, 'same'],
  [{ sizeBytes: 5 }, 'unproven'],
  [{ digest: 'sha256:bb' }, 'unproven'],
])('%j is %s', (evidence, verdict) => {
  expect(weigh(evidence, now, { digestOf: () => 'md5:aa' })).toBe(verdict)
})

test('what an object is now is told, also where the server tells no time of it', () => {
  const told = (mtimeMs: number) => notAsExpected('k', 'changed', { ...now, mtimeMs }).message
  expect(told(7000)).toMatch(/; now 5 bytes of 1970-01-01T00:00:07.000Z, etag e$/)
  expect(told(Number.NaN)).toMatch(/; now 5 bytes of a time that the server does not tell, etag e$/)
})

test.each<[Guard, boolean, boolean, Record<string, string>]>([
  ['absent', true, false, { 'if-none-match': '*' }],
  ['absent', false, true, {}],
  ['match', true, true, { 'if-match': '"e"' }],
  ['any', true, false, {}],
  ['any', false, false, {}],
])('guard %s, obeyed %s: a look %s, the condition %j', (guard, obeyed, look, condition) => {
  const both = { absent: obeyed, match: obeyed }
  expect(needsLook(guard, both)).toBe(look)
  expect(conditionOf(guard, both, now)).toEqual(condition)
})

test('an etag stands in quotes, unless the server takes it without them alone', () => {
  const condition = conditionOf('match', { absent: true, match: true, bareEtag: true }, now)
  expect(condition).toEqual({ 'if-match': 'e' })
})

test('few keys are asked for one by one, many by a page, and more by one after each page in vain', () => {
  expect([headsBeforePage(12, 0), headsBeforePage(13, 0)]).toEqual([12, 0])
  expect([1, 2, 3].map((misses) => headsBeforePage(1000, misses))).toEqual([16, 64, 256])
  expect(headsBeforePage(20, 3)).toBe(20)
})

test.each([
  ['ab1', 'ab2', 'ab'],
  ['x', 'y', ''],
  ['same', 'same', 'same'],
  ['🦆', '🦉', ''],
])('%s and %s share %j', (first, last, shared) => {
  expect(sharedPrefix(first, last)).toBe(shared)
})

test.each(['"e-2"', '&quot;e-2&quot;', '&#34;e-2&#34;', '&quot;e-2"', 'e-2'])('the etag in %s', (text) => {
  expect(plainEtag(text)).toBe('e-2')
})
