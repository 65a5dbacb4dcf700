/** Leases in a directory: numbers that are swept, and a process that has slept meanwhile. */
import { readdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import type { LeaseRecord } from '../../../src/store/lease/contract.ts'
import { openLeases } from '../../../src/store/lease/open.ts'
import { directoryWith } from '../../directory.ts'
import { surroundings } from '../s3/open.ts'

const { signal } = new AbortController()

function record(beats: number): LeaseRecord {
  return { worker_id: 'w', token: 1, beats, state: 'held', attempts: 0, created_at: '' }
}

async function planted(beats: number) {
  const directory = await directoryWith({})
  const space = await openLeases(directory, STORE_DEFAULTS, surroundings())
  let version = (await space.create('x', record(0), signal)) as string
  for (let beat = 1; beat <= beats; beat++)
    version = (await space.replace('x', version, record(beat), signal)) as string
  return { directory, space, version }
}

test('who has slept over so many versions that its next number was swept does not get the lease', async () => {
  const { directory, space } = await planted(20)
  expect(await readdir(`${directory}/x.lease`)).not.toContain('2.json')
  expect(await space.replace('x', '1', record(99), signal)).toBe(undefined)
  expect(await space.create('x', record(99), signal)).toBe(undefined)
  expect(await space.read('x', signal)).toMatchObject({ version: '21', record: { beats: 20 } })
})

test('eight versions stay, and no temporary file does', async () => {
  const { directory } = await planted(30)
  const names = await readdir(`${directory}/x.lease`)
  expect(names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))).toEqual(
    Array.from({ length: 8 }, (_, at) => `${24 + at}.json`),
  )
})

test('what is no version is left alone, and a version that is no lease is held by somebody', async () => {
  const { directory, space, version } = await planted(0)
  await writeFile(`${directory}/x.lease/notes.txt`, 'mine')
  await writeFile(`${directory}/x.lease/2.json`, 'torn')
  expect(await space.read('x', signal)).toMatchObject({ version: '2', record: { worker_id: 'unknown', state: 'held' } })
  expect(await space.replace('x', version, record(1), signal)).toBe(undefined)
  expect(await readdir(`${directory}/x.lease`)).toContain('notes.txt')
})

test('names that no file may have are leases too', async () => {
  const { space } = await planted(0)
  for (const name of ['a/b', '../../x', 'ü'.repeat(300), 'x'.repeat(201)]) {
    expect(await space.create(name, record(1), signal), name).toBe('1')
    expect(await space.create(name, record(2), signal), name).toBe(undefined)
    expect(await space.read(name, signal), name).toMatchObject({ record: { beats: 1 } })
  }
})
