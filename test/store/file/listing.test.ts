/** Listings: every kind of thing, in order, while things change. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import type { Key } from '../../../src/record/key.ts'
import { compareKeys } from '../../../src/record/key.ts'
import type { Entry, Range, Store } from '../../../src/store/contract.ts'
import { newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'

async function listed(store: Store, range: Range = {}): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of store.list(range, signal)) entries.push(...batch)
  return entries
}

const keysIn = async (store: Store, range: Range = {}) => (await listed(store, range)).map(({ key }) => key)

test('an entry says size, time in whole milliseconds, mode and type', async () => {
  const directory = newDirectory()
  plantFiles(directory, { 'a/b': '12345' })
  chmodSync(`${directory}/a/b`, 0o640)
  utimesSync(`${directory}/a/b`, 1, 1_700_000_000.1239)
  const mtimeMs = 1_700_000_000_123
  expect(await listed(await openStoreAt(directory))).toEqual([
    { key: 'a/b', sizeBytes: 5, mtimeMs, mode: 0o640, type: 'file' },
  ])
})

test('what is no regular file is listed with its type, and can be asked for', async () => {
  const directory = newDirectory()
  plantFiles(directory, { file: 'x', 'linked/y': 'y' })
  symlinkSync('linked', `${directory}/to directory`)
  symlinkSync('nowhere', `${directory}/to nowhere`)
  spawnSync('mkfifo', [`${directory}/pipe`])
  const server = createServer().listen(`${directory}/socket`)
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const store = await openStoreAt(directory)
  const types = (await listed(store)).map(({ key, type }) => [key, type])
  expect(types).toEqual([
    ['file', 'file'],
    ['linked/y', 'file'],
    ['pipe', 'fifo'],
    ['socket', 'socket'],
    ['to directory', 'symlink'],
    ['to nowhere', 'symlink'],
  ])
  expect(await keysIn(store, { type: 'symlink' })).toEqual(['to directory', 'to nowhere'])
  expect(await keysIn(store, { type: 'file' })).toEqual(['file', 'linked/y'])
  const [outcome] = await store.copy([{ from: 'pipe', to: 'copy' }], 'absent', signal)
  expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'E_TYPE' } })
  const devices = await openStoreAt('/dev')
  expect(await devices.stat(['null'], signal)).toMatchObject([{ type: 'device' }])
})

test('a directory stands where its name with a slash behind it sorts', async () => {
  const directory = newDirectory()
  plantFiles(directory, { 'a/z': '', 'a-b': '', 'a.b': '', a0: '', 'A/x': '', 'a!/y': '' })
  expect(await keysIn(await openStoreAt(directory))).toEqual(['A/x', 'a!/y', 'a-b', 'a.b', 'a/z', 'a0'])
})

/** Components that sort apart in UTF-8 and in UTF-16, and around the slash. */
const component = fc.string({
  unit: fc.constantFrom('a', 'b', '!', '0', '\uffee', '🦆', '\u0301'),
  minLength: 1,
  maxLength: 3,
})
const key = fc.array(component, { minLength: 1, maxLength: 3 }).map((components) => components.join('/'))

test('any set of keys is listed in the order of its bytes, and on from any key', async () => {
  const root = newDirectory()
  let count = 0
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { maxLength: 12 }), key, async (keys, after) => {
      const free = keys.filter((one) => !keys.some((other) => other.startsWith(`${one}/`)))
      const directory = `${root}/${count++}`
      mkdirSync(directory)
      plantFiles(directory, Object.fromEntries(free.map((one) => [one, ''])))
      const store = await openStoreAt(directory)
      const sorted: Key[] = free.toSorted(compareKeys)
      expect(await keysIn(store)).toEqual(sorted)
      expect(await keysIn(store, { after })).toEqual(sorted.filter((one) => compareKeys(one, after) > 0))
    }),
    { numRuns: 60 },
  )
})
test('what vanishes while it is listed is left out', async () => {
  const directory = newDirectory()
  const many = Array.from({ length: 300 }, (_, at) => [`a/${String(at).padStart(3, '0')}`, 'x'])
  plantFiles(directory, { ...Object.fromEntries(many), 'b/x': 'x', 'c/x': 'x' })
  const keys: Key[] = []
  for await (const entries of (await openStoreAt(directory)).list({}, signal)) {
    if (keys.length === 0) {
      rmSync(`${directory}/b`, { recursive: true })
      rmSync(`${directory}/a/299`)
    }
    keys.push(...entries.map((entry) => entry.key))
  }
  expect(keys).toEqual([...many.map(([name]) => name).slice(0, 299), 'c/x'])
})

test('a listing ends when it is told to', async () => {
  const directory = newDirectory()
  plantFiles(directory, Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`${at}`, ''])))
  const ended = new AbortController()
  let keys = 0
  for await (const entries of (await openStoreAt(directory)).list({}, ended.signal)) {
    keys += entries.length
    ended.abort()
  }
  expect(keys).toBe(256)
})

test('values too long for a line are left out, with a warning', async () => {
  const directory = newDirectory()
  plantFiles(directory, { large: Buffer.alloc(9 * 1024 * 1024, 'x'), small: 'x' })
  const warnings: string[] = []
  const store = await openStoreAt(directory, { warn: (message) => void warnings.push(message) })
  const entries = await listed(store, { values: true })
  expect(entries.map((entry) => [entry.key, entry.value])).toEqual([
    ['large', undefined],
    ['small', { value: 'x' }],
  ])
  expect(warnings).toEqual([expect.stringContaining('"large"')])
})
