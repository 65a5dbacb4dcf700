/** What names a directory, and how it stands in records. */
import { mkdirSync } from 'node:fs'
import { cwd } from 'node:process'
import { expect, test } from 'vitest'
import { rootOf } from '../../../src/store/file/location.ts'
import { everythingIn, newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'

test.each([
  ['file:/abs/dir', '/abs/dir/'],
  ['file:/abs/dir/', '/abs/dir/'],
  ['file:///abs/dir/', '/abs/dir/'],
  ['FILE:/abs/dir', '/abs/dir/'],
  ['/abs/dir', '/abs/dir/'],
  ['/abs//x/../dir/.', '/abs/dir/'],
  ['//abs/dir', '/abs/dir/'],
  ['file:./dir/', `${cwd()}/dir/`],
  ['./dir', `${cwd()}/dir/`],
  ['dir', `${cwd()}/dir/`],
  ['.', `${cwd()}/`],
  ['file:.', `${cwd()}/`],
  ['file:/', '/'],
  ['./~/dir', `${cwd()}/~/dir/`],
  ['~dir', `${cwd()}/~dir/`],
  ['c:odd', `${cwd()}/c:odd/`],
  ['/with space/per%20cent/new\nline', '/with space/per%20cent/new\nline/'],
])('%j is %j', (location, root) => {
  expect(rootOf(location)).toBe(root)
})

test.each(['', 'file:', 'file://host/dir', 'file://localhost/dir', 'a\0b', '~', '~/dir', 'file:~/dir'])(
  '%j names no directory',
  (location) => {
    expect(() => rootOf(location)).toThrow(expect.objectContaining({ code: 'E_LOCATION' }))
  },
)

test('records have the absolute location, and it names the same store', async () => {
  const store = await openStoreAt('file:./test/')
  expect(store.location).toBe(`file:${cwd()}/test/`)
  expect((await openStoreAt(store.location)).location).toBe(store.location)
})

test('a single file is no store', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'x' })
  for (const location of [`${directory}/a`, `file:${directory}/a/`, `${directory}/a/below`]) {
    await expect(openStoreAt(location), location).rejects.toMatchObject({ code: 'E_LOCATION' })
  }
  await expect(openStoreAt('/dev/null')).rejects.toMatchObject({ code: 'E_LOCATION' })
})

test('a missing directory is no source: said by name', async () => {
  const directory = `${newDirectory()}/missing`
  const store = await openStoreAt(directory)
  const missing = { code: 'E_LOCATION', message: expect.stringContaining(directory) }
  await expect(store.list({}, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing)
  await expect(store.read('a', signal)).rejects.toMatchObject(missing)
  expect(await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)).toMatchObject([{ error: missing }])
  expect(await store.remove([{ key: 'a', expect: { mtimeMs: 1 } }], signal)).toMatchObject([{ error: missing }])
  expect(await store.stat(['a'], signal)).toEqual([undefined])
})

test('a missing directory is made as a destination', async () => {
  const above = newDirectory()
  const store = await openStoreAt(`${above}/new/store`)
  const body = async function* () {
    yield Buffer.from('x')
  }
  expect(await store.write({ key: 'a/b', content: { form: 'plain', body } }, 'absent', signal)).toEqual({
    outcome: 'done',
  })
  await store.close()
  expect(everythingIn(above)).toEqual(['new/', 'new/store/', 'new/store/a/', 'new/store/a/b'])
})

test('bytes of a location that are not UTF-8 make no directory of another name', async () => {
  const above = newDirectory()
  await expect(openStoreAt(`${above}/bad\ufffd`)).rejects.toMatchObject({ code: 'E_LOCATION' })
  mkdirSync(`${above}/really\ufffd`)
  expect((await openStoreAt(`${above}/really\ufffd`)).location).toBe(`file:${above}/really\ufffd/`)
})

test('a link to a directory is a store; records keep the name that the user gave', async () => {
  const above = newDirectory()
  mkdirSync(`${above}/real`)
  plantFiles(above, { 'real/a': 'x' })
  const { symlinkSync } = await import('node:fs')
  symlinkSync('real', `${above}/link`)
  const store = await openStoreAt(`${above}/link`)
  expect(store.location).toBe(`file:${above}/link/`)
  expect(await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)).toEqual([{ outcome: 'done' }])
  await store.close()
  expect(everythingIn(`${above}/real`)).toEqual(['a', 'b'])
})
