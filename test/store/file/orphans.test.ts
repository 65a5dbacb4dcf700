/** What a killed process leaves, and who takes it away. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { parseOwnName } from '../../../src/store/file/own-name.ts'
import { everythingIn, newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'
import { bundleProgram, killHard, startProgram } from './run-program.ts'

/** A directory in which a process was killed while it wrote these keys. */
async function afterKill(directory: string, ...keys: string[]): Promise<number> {
  const running = startProgram(await bundleProgram('write-forever'), [directory, ...keys])
  expect(await running.line()).toBe('begun')
  await killHard(running)
  return running.child.pid ?? 0
}

test('kill -9 leaves no half file under a key, and its temporary files are not listed', async () => {
  const directory = newDirectory()
  plantFiles(directory, { 'here/a': 'a' })
  const pid = await afterKill(directory, 'here/b', 'new/deep/c')
  const left = everythingIn(directory).filter((name) => name.includes('.rekey'))
  const owners = left.map((name) => parseOwnName(name.slice(name.lastIndexOf('/') + 1)))
  expect(owners).toMatchObject(Array(3).fill({ pid, host: hostname() }))
  for (const owner of owners) expect(Math.abs((owner?.startedMs ?? 0) - Date.now())).toBeLessThan(60_000)
  const store = await openStoreAt(directory)
  const keys = []
  for await (const entries of store.list({}, signal)) keys.push(...entries.map(({ key }) => key))
  expect(keys).toEqual(['here/a'])
  expect(await store.stat(['here/b', 'new/deep/c'], signal)).toEqual([undefined, undefined])
})

test('the next write sweeps all of it, also the directories that it made and nobody comes to again', async () => {
  const directory = newDirectory()
  plantFiles(directory, { 'here/a': 'a' })
  mkdirSync(`${directory}/empty before`)
  const before = everythingIn(directory)
  await afterKill(directory, 'here/b', 'new/deep/c', 'new/d', 'empty before/e', 'odd \n name/f')
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'here/a', to: 'z' }], 'absent', signal)
  await store.close()
  expect(everythingIn(directory)).toEqual([...before, 'z'])
})

test('a directory that others have taken away meanwhile is no error of the run at its end', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'a' })
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'a', to: 'made/b' }], 'absent', signal)
  rmSync(directory, { recursive: true })
  await store.close()
})

test('a removal sweeps too, so that undoing a killed run leaves the directory as it was', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: 'a' })
  const before = everythingIn(directory)
  const first = await openStoreAt(directory)
  await first.copy([{ from: 'a', to: 'made/by/run' }], 'absent', signal)
  await first.close()
  await afterKill(directory, 'made/by/run-2', 'elsewhere/c')
  const undo = await openStoreAt(directory)
  const [created] = await undo.stat(['made/by/run'], signal)
  const { sizeBytes, mtimeMs } = created as { sizeBytes: number; mtimeMs: number }
  await undo.remove([{ key: 'made/by/run', expect: { sizeBytes, mtimeMs } }], signal)
  await undo.close()
  expect(everythingIn(directory)).toEqual(before)
})

test('temporary files that are found where no note tells of them are swept when their directory is written to', async () => {
  const directory = newDirectory()
  const dead = await afterKill(newDirectory(), 'x')
  plantFiles(directory, { 'sub/a': 'a', [`sub/.rekey.${dead}.abc.0.${hostname()}`]: 'half' })
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'sub/a', to: 'sub/b' }], 'absent', signal)
  await store.close()
  expect(everythingIn(directory)).toEqual(['sub/', 'sub/a', 'sub/b'])
})

test('what belongs to a living process, another host or a user stays', async () => {
  const directory = newDirectory()
  const names = [`.rekey.1.abc.0.${hostname()}`, '.rekey.999999999.abc.0.elsewhere', '.rekey.txt', '.rekey']
  plantFiles(directory, { a: 'a', ...Object.fromEntries(names.map((name) => [name, name])) })
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)
  await store.close()
  expect(everythingIn(directory)).toEqual([...names, 'a', 'b'].sort())
})

test('a process that has the id of a dead one does not take its files for its own', async () => {
  const directory = newDirectory()
  const { pid } = await import('node:process')
  plantFiles(directory, { a: 'a', [`.rekey.${pid}.abc.0.${hostname()}`]: 'of an earlier process of this id' })
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)
  await store.close()
  expect(everythingIn(directory)).toEqual(['a', 'b'])
})

test('a note of places cannot lead a sweep out of the directory', async () => {
  const outside = newDirectory()
  const directory = newDirectory()
  const dead = await afterKill(newDirectory(), 'x')
  const orphan = `.rekey.${dead}.abc.0.${hostname()}`
  plantFiles(outside, { [orphan]: 'not ours to take' })
  const { symlinkSync } = await import('node:fs')
  symlinkSync(outside, `${directory}/link`)
  const up = outside.slice(outside.lastIndexOf('/') + 1)
  const places = ['+link', `+../${up}`, `+${outside}`].join('\0')
  writeFileSync(`${directory}/.rekey-places.${dead}.abc.0.${hostname()}`, `${places}\0`)
  plantFiles(directory, { a: 'a' })
  const store = await openStoreAt(directory)
  await store.copy([{ from: 'a', to: 'b' }], 'absent', signal)
  await store.close()
  expect(readdirSync(outside)).toEqual([orphan])
  expect(everythingIn(directory)).toEqual(['a', 'b', 'link'])
})

test.each(['note', 'location'])('a run ends well whose %s somebody has taken away', async (what) => {
  const directory = newDirectory()
  plantFiles(directory, { 'at/a': 'a' })
  const store = await openStoreAt(`${directory}/at`)
  const pair = { from: 'a', to: 'made/b' }
  expect(await store.copy([pair], 'absent', signal)).toEqual([{ outcome: 'done' }])
  const noted = readdirSync(`${directory}/at`).filter((found) => found.startsWith('.rekey-places.'))
  expect(noted).toHaveLength(1)
  rmSync(what === 'note' ? `${directory}/at/${noted[0]}` : `${directory}/at`, { recursive: true })
  await store.close()
})
