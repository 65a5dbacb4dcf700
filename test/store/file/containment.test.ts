/** Nothing outside the directory is read, written or removed, and what stands in the way stays. */
import { linkSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import type { RekeyError } from '../../../src/record/errors.ts'
import type { Outcome } from '../../../src/store/contract.ts'
import { everythingIn, newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'

let outside: string
let directory: string
beforeEach(() => {
  outside = newDirectory()
  directory = newDirectory()
  plantFiles(outside, { secret: 'secret' })
  plantFiles(directory, { a: 'a', file: 'file', 'real/b': 'b' })
  mkdirSync(`${directory}/empty`)
  symlinkSync(outside, `${directory}/out`)
  symlinkSync('real', `${directory}/in`)
  symlinkSync('nowhere', `${directory}/dangling`)
  symlinkSync('circle', `${directory}/circle`)
  symlinkSync(`${outside}/secret`, `${directory}/link to secret`)
})

const codesOf = (outcomes: readonly Outcome[]) =>
  outcomes.map((one) => ('error' in one ? one.error.code : one.outcome === 'skipped' ? one.reason : one.outcome))

test.each([
  ['out/x', 'E_OUTSIDE', 'a parent that is a link leading out'],
  ['out/new/x', 'E_OUTSIDE', 'a directory to be made behind it'],
  ['in/../../x', 'E_OUTSIDE', 'dots behind a link'],
  ['file/x', 'E_BLOCKED', 'a file where a directory must be'],
  ['file/x/y', 'E_BLOCKED', 'a file further up'],
  ['empty', 'E_BLOCKED', 'a directory where the file must be'],
  ['real', 'E_BLOCKED', 'a directory that is not empty'],
  ['dangling/x', 'E_BLOCKED', 'a link to nowhere where a directory must be'],
  ['circle/x', 'E_BLOCKED', 'a link to itself'],
  ['link to secret', 'exists', 'a link where the file must be'],
  ['dangling', 'exists', 'a link to nowhere where the file must be'],
  ['in/x', 'done', 'a link that stays inside'],
  ['in/new/x', 'done', 'a directory to be made behind that'],
])('copying to %j is %s: %s', async (to, code) => {
  const before = [everythingIn(directory), everythingIn(outside)]
  const store = await openStoreAt(directory)
  const outcomes = await store.copy(
    [
      { from: 'a', to },
      { from: 'a', to: 'neighbour' },
    ],
    'absent',
    signal,
  )
  await store.close()
  expect(codesOf(outcomes)).toEqual([code, 'done'])
  expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret')
  const made = code === 'done' ? [to.replace('in/', 'real/'), ...(to.includes('new') ? ['real/new/'] : [])] : []
  expect(everythingIn(directory)).toEqual([...(before[0] ?? []), 'neighbour', ...made].sort())
  expect(everythingIn(outside)).toEqual(before[1])
})

test('overwriting replaces a link itself, never what it leads to', async () => {
  const store = await openStoreAt(directory)
  const outcomes = await store.copy([{ from: 'a', to: 'link to secret' }], 'any', signal)
  expect(outcomes).toEqual([{ outcome: 'done', reason: 'replaced' }])
  expect(readFileSync(`${directory}/link to secret`, 'utf8')).toBe('a')
  expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret')
  expect(codesOf(await store.copy([{ from: 'a', to: 'real' }], 'any', signal))).toEqual(['E_BLOCKED'])
})

test('nothing is read or removed through a link that leads out', async () => {
  const store = await openStoreAt(directory)
  const key = 'out/secret'
  const expected = { digest: 'sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b' }
  expect(((await store.stat([key], signal))[0] as RekeyError).code).toBe('E_OUTSIDE')
  expect(((await store.digest([key], signal))[0] as RekeyError).code).toBe('E_OUTSIDE')
  await expect(store.read(key, signal)).rejects.toMatchObject({ code: 'E_OUTSIDE' })
  expect(codesOf(await store.copy([{ from: key, to: 'stolen' }], 'absent', signal))).toEqual(['E_OUTSIDE'])
  expect(codesOf(await store.remove([{ key, expect: expected }], signal))).toEqual(['E_OUTSIDE'])
  expect(everythingIn(outside)).toEqual(['secret'])
})

test('a link is listed and has no content to take', async () => {
  const store = await openStoreAt(directory)
  const key = 'link to secret'
  expect((await store.stat([key], signal))[0]).toMatchObject({ key, type: 'symlink' })
  expect(((await store.digest([key], signal))[0] as RekeyError).code).toBe('E_TYPE')
  await expect(store.read(key, signal)).rejects.toMatchObject({ code: 'E_TYPE' })
  expect(codesOf(await store.copy([{ from: key, to: 'copy' }], 'absent', signal))).toEqual(['E_TYPE'])
  expect(codesOf(await store.remove([{ key, expect: { sizeBytes: 1, mtimeMs: 1 } }], signal))).toEqual(['E_TYPE'])
})

test('two names of one file are found out by what stat says of the thing itself', async () => {
  linkSync(`${directory}/a`, `${directory}/a2`)
  const [a, a2, b] = (await (await openStoreAt(directory)).stat(['a', 'a2', 'in/b'], signal)) as readonly {
    object: string
  }[]
  expect(a2?.object).toBe(a?.object)
  expect(b?.object).not.toBe(a?.object)
})
