/** What a copy keeps beside the content: mode, time, owner; and what it says it has lost. */

import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Content } from '../../../src/store/contract.ts'
import { newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'

const content: Content = {
  form: 'plain',
  async *body() {
    yield Buffer.from('x')
  },
}

test.each([0o644, 0o600, 0o444, 0o000, 0o755, 0o2755, 0o4711])('a copy has the mode of its source', async (mode) => {
  const directory = newDirectory()
  plantFiles(directory, { small: 'x', large: Buffer.alloc(100_000) })
  for (const name of ['small', 'large']) chmodSync(`${directory}/${name}`, mode)
  if (userInfo().uid !== 0 && (mode & 0o400) === 0) return
  const store = await openStoreAt(directory)
  const pairs = ['small', 'large'].map((from) => ({ from, to: `${from}-2` }))
  expect(await store.copy(pairs, 'absent', signal)).toEqual([{ outcome: 'done' }, { outcome: 'done' }])
  for (const { to } of pairs) expect(statSync(`${directory}/${to}`).mode & 0o7777).toBe(mode)
})

test('a content without a mode gets that of any new file, one with set-id bits loses those', async () => {
  const directory = newDirectory()
  plantFiles(directory, { usual: '' })
  const store = await openStoreAt(directory)
  expect(await store.write({ key: 'a', content }, 'absent', signal)).toEqual({ outcome: 'done' })
  expect(statSync(`${directory}/a`).mode).toBe(statSync(`${directory}/usual`).mode)
  const lent = { ...content, mode: 0o4755 }
  expect(await store.write({ key: 'b', content: lent }, 'absent', signal)).toEqual({ outcome: 'done', lost: ['mode'] })
  expect(statSync(`${directory}/b`).mode & 0o7777).toBe(0o755)
})

test.each([
  '1700000000',
  '1700000000.123',
  '1700000000.123999999',
  '1700000000.999999999',
  '1.001',
  '4000000000.007',
  '-0.000001',
  '-86400.5',
  '-315521754.321087655',
])('a copy has the time of its source to the millisecond, also one of before 1970: %s', async (time) => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'x' })
  expect(spawnSync('touch', ['-d', `@${time}`, `${directory}/a`]).status).toBe(0)
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)
  const [a, b] = [statSync(`${directory}/a`).mtimeMs, statSync(`${directory}/b`).mtimeMs]
  expect(Math.abs(a / 1000 - Number(time))).toBeLessThan(0.001)
  expect(Math.floor(b)).toBe(Math.floor(a))
  expect(Math.abs(b - a)).toBeLessThan(0.003)
})

test('every millisecond that a record may hold is written as itself', async () => {
  const store = await openStoreAt(newDirectory())
  for (let at = 0; at < 300; at++) {
    const mtimeMs = 1_700_000_000_000 + at * 86_400_007
    await store.write({ key: `${at}`, content: { ...content, mtimeMs } }, 'absent', signal)
    expect(await store.stat([`${at}`], signal)).toMatchObject([{ mtimeMs }])
  }
})

/** Another user's for root; whoever is not root has only files of his own. */
function giveAway(path: string): { uid: number; gid: number } {
  const { uid, gid } = userInfo()
  const owner = uid === 0 ? { uid: 1234, gid: 2345 } : { uid, gid }
  chownSync(path, owner.uid, owner.gid)
  chmodSync(path, 0o4750)
  return owner
}

test('a copy belongs to whom its source belongs', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'x' })
  const owner = giveAway(`${directory}/a`)
  const store = await openStoreAt(directory)
  expect(await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)).toEqual([{ outcome: 'done' }])
  expect(statSync(`${directory}/b`)).toMatchObject({ ...owner, mode: 0o104750 })
})

test.each([1, 100_000])('also one of %d bytes in another directory', async (sizeBytes) => {
  const [from, to] = [newDirectory(), newDirectory()]
  plantFiles(from, { a: Buffer.alloc(sizeBytes, 'x') })
  const owner = giveAway(`${from}/a`)
  const read = await (await openStoreAt(from)).read('a', signal)
  const dest = await openStoreAt(to)
  const item = { key: 'b', content: read as NonNullable<typeof read> }
  expect(await dest.write(item, 'absent', signal)).toEqual({ outcome: 'done' })
  expect(statSync(`${to}/b`)).toMatchObject({ ...owner, mode: 0o104750 })
})

test('who may not give a file away is told, and lends no rights', async () => {
  const store = await openStoreAt(newDirectory())
  const { uid, gid } = userInfo()
  // Of no user at all, so that not even root may give it away.
  const owner = uid === 0 ? { uid: -2, gid } : { uid: uid + 1, gid }
  const outcome = await store.write({ key: 'b', content: { ...content, mode: 0o4755, owner } }, 'absent', signal)
  expect(outcome).toEqual({ outcome: 'done', lost: ['owner', 'mode'] })
})

test.each([0o4755, 0o2755])('a copy on its way lends nobody rights, for a kill would leave it so', async (mode) => {
  const directory = newDirectory()
  const large = Buffer.alloc(8 * 1024 * 1024, 'x')
  plantFiles(directory, { a: large })
  chmodSync(`${directory}/a`, mode)
  const store = await openStoreAt(directory)
  let ended = false
  const copying = store.copy([{ from: 'a', to: 'b' }], 'absent', signal).finally(() => {
    ended = true
  })
  const seen = new Set<number>()
  for (; !ended; await setImmediate()) {
    for (const name of readdirSync(directory).filter((found) => found.startsWith('.rekey.'))) {
      const { size, mode } = statSync(`${directory}/${name}`, { throwIfNoEntry: false }) ?? {
        size: large.length,
        mode: 0,
      }
      if (size < large.length) seen.add(mode & 0o7777)
    }
  }
  expect(await copying).toEqual([{ outcome: 'done' }])
  expect([...seen]).toEqual([0o600])
  expect(statSync(`${directory}/b`).mode & 0o7777).toBe(mode)
})

test('what a file has no place for is named', async () => {
  const store = await openStoreAt(newDirectory())
  const write = (key: string, more: Partial<Content>) =>
    store.write({ key, content: { ...content, ...more } }, 'absent', signal)
  expect(await write('a', { type: 'string' })).toEqual({ outcome: 'done' })
  expect(await write('b', { type: 'file' })).toEqual({ outcome: 'done' })
  expect(await write('c', { type: 'hash', expiresMs: 1 })).toEqual({ outcome: 'done', lost: ['type', 'expires'] })
  expect(await write('d', { form: 'redis-dump', type: 'hash' })).toMatchObject({ error: { code: 'E_TYPE' } })
  expect(await store.stat(['d'], signal)).toEqual([undefined])
})
