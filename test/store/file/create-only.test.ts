/** Two who create one destination at once. */
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { publishAbsent } from '../../../src/store/file/publish.ts'
import { Staging } from '../../../src/store/file/staging.ts'
import { Tree } from '../../../src/store/file/tree.ts'
import { everythingIn, newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal, surroundings } from './open-store.ts'
import { bundleProgram, startProgram } from './run-program.ts'

const COUNT = 300

test('two processes: each key is created by exactly one, with the content of that one', async () => {
  const directory = newDirectory()
  plantFiles(directory, { 's/0': 'content of 0', 's/1': 'content of 1' })
  const program = await bundleProgram('create-many')
  const both = ['s/0', 's/1'].map((source) => startProgram(program, [directory, source, String(COUNT)]))
  for (const one of both) expect(await one.line()).toBe('ready')
  for (const one of both) one.say('go')
  const [first, second] = (await Promise.all(both.map((one) => one.line()))) as [string[], string[]]
  for (let at = 0; at < COUNT; at++) {
    expect([first[at], second[at]].sort()).toEqual(['done', 'skipped'])
    const winner = first[at] === 'done' ? 0 : 1
    expect(readFileSync(`${directory}/d/${at}`, 'utf8')).toBe(`content of ${winner}`)
  }
  expect(everythingIn(directory).filter((name) => name.includes('.rekey'))).toEqual([])
})

test('200 rounds in one process, through two stores that know nothing of each other', async () => {
  const directory = newDirectory()
  plantFiles(directory, { 's/0': 'content of 0', 's/1': 'content of 1' })
  const stores = [await openStoreAt(directory), await openStoreAt(`file:${directory}/./`)]
  for (let round = 0; round < 200; round++) {
    const to = `d/${round % 7}/${round}`
    const racing = stores.map((store, at) => store.copy([{ from: `s/${at}`, to }], 'absent', signal))
    const words = (await Promise.all(racing)).map(([outcome]) => outcome?.outcome)
    expect(words.toSorted()).toEqual(['done', 'skipped'])
    expect(readFileSync(`${directory}/${to}`, 'utf8')).toBe(`content of ${words.indexOf('done')}`)
  }
  for (const store of stores) await store.close()
  expect(everythingIn(directory).filter((name) => name.includes('.rekey'))).toEqual([])
})

test('copying into directories that a removal beside it takes away as they get empty', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'a' })
  const [copying, removing] = [await openStoreAt(directory), await openStoreAt(directory)]
  const [entry] = await copying.stat(['a'], signal)
  const { sizeBytes, mtimeMs } = entry as { sizeBytes: number; mtimeMs: number }
  const expected = { sizeBytes, mtimeMs }
  for (let round = 0; round < 100; round++) {
    const to = `d/e/${round}`
    const [[copied]] = await Promise.all([
      copying.copy([{ from: 'a', to }], 'absent', signal),
      removing.remove([{ key: `d/e/${round - 1}`, expect: expected }], signal),
    ])
    expect(copied).toEqual({ outcome: 'done' })
  }
  await removing.remove([{ key: 'd/e/99', expect: expected }], signal)
  expect(everythingIn(directory).filter((name) => !name.includes('.rekey'))).toEqual(['a'])
})

test.each(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])(
  'a file system without hard links (%s) creates all the same, and overwrites nothing',
  (code) => {
    const directory = newDirectory()
    plantFiles(directory, { temporary: 'new', taken: 'old', other: 'new' })
    const noLinks = () => {
      throw Object.assign(new Error(code), { code })
    }
    const create = (key: string, temporary: string) =>
      publishAbsent(
        { key, path: `${directory}/${key}`, guard: 'absent', expect: undefined },
        `${directory}/${temporary}`,
        noLinks,
      )
    expect(create('free', 'temporary')).toEqual({ outcome: 'done' })
    expect(create('taken', 'other')).toEqual({ outcome: 'skipped', reason: 'exists' })
    expect(readFileSync(`${directory}/free`, 'utf8')).toBe('new')
    expect(readFileSync(`${directory}/taken`, 'utf8')).toBe('old')
  },
)

test('a name that was taken for a content that then is not to be had is given back', () => {
  const directory = newDirectory()
  const noLinks = () => {
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
  }
  const wanted = { key: 'a', path: `${directory}/a`, guard: 'absent', expect: undefined } as const
  expect(() => publishAbsent(wanted, `${directory}/missing`, noLinks)).toThrow('ENOENT')
  expect(everythingIn(directory)).toEqual([])
})

test('a directory that goes away within a batch is made again', async () => {
  const directory = newDirectory()
  const staging = new Staging(new Tree(`${directory}/`, surroundings()), 'absent')
  const first = await staging.stage('d/e/1', undefined, 0o600, async () => ({ outcome: 'skipped', reason: 'gone' }))
  rmSync(`${directory}/d`, { recursive: true })
  const second = await staging.stage('d/e/2', undefined, 0o600, async () => [])
  expect(await staging.settle([first, second])).toMatchObject([{ reason: 'gone' }, { outcome: 'done' }])
  expect(everythingIn(`${directory}/d`)).toEqual(['e/', 'e/2'])
})

test('replacing what is as expected: a destination that changes meanwhile stays', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: Buffer.alloc(8 * 1024 * 1024), b: 'b' })
  const store = await openStoreAt(directory)
  const [entry] = await store.stat(['b'], signal)
  const { sizeBytes, mtimeMs } = entry as { sizeBytes: number; mtimeMs: number }
  const copying = store.copy([{ from: 'a', to: 'b', expect: { sizeBytes, mtimeMs } }], 'match', signal)
  writeFileSync(`${directory}/b`, 'written meanwhile')
  expect(await copying).toMatchObject([{ outcome: 'failed', error: { code: 'E_CHANGED' } }])
  expect(readFileSync(`${directory}/b`, 'utf8')).toBe('written meanwhile')
})

test('replacing what is as expected: size and time may agree where a digest does not', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'new', b: 'old' })
  const store = await openStoreAt(directory)
  const [entry] = await store.stat(['b'], signal)
  const [digest] = (await store.digest(['b'], signal)) as string[]
  const { sizeBytes, mtimeMs } = entry as { sizeBytes: number; mtimeMs: number }
  const expected = { sizeBytes, mtimeMs: Math.floor(mtimeMs / 1000) * 1000, digest: digest as string }
  writeFileSync(`${directory}/b`, 'odd')
  const replace = async () => {
    utimesSync(`${directory}/b`, expected.mtimeMs / 1000, expected.mtimeMs / 1000)
    return await store.copy([{ from: 'a', to: 'b', expect: expected }], 'match', signal)
  }
  expect(await replace()).toMatchObject([{ error: { code: 'E_CHANGED' } }])
  writeFileSync(`${directory}/b`, 'old')
  expect(await replace()).toEqual([{ outcome: 'done', reason: 'replaced' }])
})
