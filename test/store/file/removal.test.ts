/** Removing: only what is as expected, and the directories that get empty by it. */
import { mkdirSync, utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Entry, Evidence } from '../../../src/store/contract.ts'
import { notAsExpected, weigh } from '../../../src/store/file/evidence.ts'
import { everythingIn, newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'

const digest = 'sha256:00'
test.each([
  [{ sizeBytes: 5, mtimeMs: 1000 }, 'same'],
  [{ sizeBytes: 5, mtimeMs: 1000, digest }, 'same'],
  [{ mtimeMs: 1000 }, 'same'],
  [{ mtimeMs: 1000.9 }, 'same'],
  [{ sizeBytes: 6, mtimeMs: 1000 }, 'changed'],
  [{ sizeBytes: 5, mtimeMs: 1001 }, 'changed'],
  [{ sizeBytes: 5, mtimeMs: 999 }, 'changed'],
  [{ sizeBytes: 6, digest }, 'changed'],
  [{ sizeBytes: 5, digest }, 'digest'],
  [{ digest }, 'digest'],
  [{ sizeBytes: 5 }, 'unproven'],
  [{ etag: 'x' }, 'unproven'],
  [{ digest: 'redis-1:00' }, 'unproven'],
  [{}, 'unproven'],
] as const)('5 bytes of second 1 against %j are %s', (expected: Evidence, verdict) => {
  expect(weigh(expected, 5, 1000.25)).toBe(verdict)
})

test('what a file is now is told, also with a time that no Date holds', () => {
  const told = (mtimeMs: number) => notAsExpected('a', 'changed', { size: 5, mtimeMs }).message
  expect(told(1000.5)).toMatch(/; now 5 bytes of 1970-01-01T00:00:01.000Z$/)
  expect(told(1e17)).toMatch(/; now 5 bytes of 100000000000000000 ms since 1970$/)
})

async function openWith(files: Record<string, string>) {
  const directory = newDirectory()
  plantFiles(directory, files)
  const store = await openStoreAt(directory)
  const target = async (key: string) => {
    const [entry] = await store.stat([key], signal)
    const { sizeBytes = 0, mtimeMs = 0 } = entry as Entry
    return { key, expect: { sizeBytes, mtimeMs } }
  }
  return { directory, store, target }
}

test.each([
  ['whose witness has gone goes not', 'gone', 'failed', 'E_UNPROVEN'],
  ['whose witness is there goes', 'copy', 'done', undefined],
])('a file %s', async (_, witness, outcome, code) => {
  const { directory, store, target } = await openWith({ a: '1', copy: '1' })
  const asked = { ...(await target('a')), witness: { store: store.location, key: witness, expect: {} } }
  expect(await store.remove([asked], signal)).toMatchObject([{ outcome, ...(code && { error: { code } }) }])
  expect(everythingIn(directory).includes('a')).toBe(outcome === 'failed')
})

test('directories that get empty go, upwards, and never one with something in it nor the root', async () => {
  const { directory, store, target } = await openWith({ 'a/b/c/1': '1', 'a/b/c/2': '2', 'a/b/3': '3', 'x/y/4': '4' })
  mkdirSync(`${directory}/empty before`)
  const removed = async (key: string) => {
    await store.remove([await target(key)], signal)
    return everythingIn(directory).filter((name) => name.endsWith('/'))
  }
  expect(await removed('a/b/c/1')).toEqual(['a/', 'a/b/', 'a/b/c/', 'empty before/', 'x/', 'x/y/'])
  expect(await removed('a/b/c/2')).toEqual(['a/', 'a/b/', 'empty before/', 'x/', 'x/y/'])
  expect(await removed('a/b/3')).toEqual(['empty before/', 'x/', 'x/y/'])
  expect(await removed('x/y/4')).toEqual(['empty before/'])
  expect(everythingIn(directory)).toEqual(['empty before/'])
})

test('a file that was touched, though its content is the same, is not what the record says', async () => {
  const { directory, store, target } = await openWith({ a: 'x' })
  const before = await target('a')
  utimesSync(`${directory}/a`, 5, 5)
  expect(await store.remove([before], signal)).toMatchObject([{ outcome: 'failed', error: { code: 'E_CHANGED' } }])
  expect(everythingIn(directory)).toEqual(['a'])
})

test('a directory is no key, and is never removed as one', async () => {
  const { directory, store } = await openWith({ 'a/b': 'x' })
  const outcome = await store.remove([{ key: 'a', expect: { digest } }], signal)
  expect(outcome).toEqual([{ outcome: 'skipped', reason: 'gone' }])
  expect(everythingIn(directory)).toEqual(['a/', 'a/b'])
})

test('copying and taking back leaves what was there', async () => {
  const { directory, store, target } = await openWith({ 'a/b': 'x', 'c/d': 'y' })
  const before = everythingIn(directory)
  const keys = ['new/a/b', 'new/c', 'c/e', 'z']
  await store.copy(
    keys.map((to) => ({ from: 'a/b', to })),
    'absent',
    signal,
  )
  await store.remove(await Promise.all(keys.map(target)), signal)
  await store.close()
  expect(everythingIn(directory)).toEqual(before)
})
