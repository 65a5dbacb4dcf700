/** A source that changes while it is copied fails, and leaves nothing. */
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { everythingIn, newDirectory, plantFiles } from './directory.ts'
import { openStoreAt, signal } from './open-store.ts'

const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x')

test('appended to while the kernel copies it', async () => {
  const directory = newDirectory()
  plantFiles(directory, { a: LARGE })
  const store = await openStoreAt(directory)
  const copying = store.copy([{ from: 'a', to: 'new/b' }], 'absent', signal)
  appendFileSync(`${directory}/a`, 'y')
  expect(await copying).toMatchObject([{ outcome: 'failed', error: { code: 'E_CHANGED' } }])
  await store.close()
  expect(everythingIn(directory)).toEqual(['a'])
})

test.each([
  ['appended to', (path: string) => appendFileSync(path, 'y')],
  ['written anew', (path: string) => writeFileSync(path, LARGE)],
  [
    'replaced',
    (path: string) => {
      writeFileSync(`${path}-2`, LARGE)
      renameSync(`${path}-2`, path)
    },
  ],
])('%s while another store takes it', async (_, change) => {
  const [from, to] = [newDirectory(), newDirectory()]
  plantFiles(from, { a: LARGE })
  const [source, dest] = [await openStoreAt(from), await openStoreAt(to)]
  const content = await source.read('a', signal)
  change(`${from}/a`)
  expect(content).toBeDefined()
  const item = { key: 'new/b', content: content as NonNullable<typeof content> }
  expect(await dest.write(item, 'absent', signal)).toMatchObject({ outcome: 'failed', error: { code: 'E_CHANGED' } })
  await dest.close()
  expect(everythingIn(to)).toEqual([])
})

test('a content that is cut short', async () => {
  const directory = newDirectory()
  const store = await openStoreAt(directory)
  const body = async function* () {
    yield Buffer.from('half')
  }
  const outcome = await store.write({ key: 'a', content: { form: 'plain', body, sizeBytes: 8 } }, 'absent', signal)
  expect(outcome).toMatchObject({ outcome: 'failed', error: { code: 'E_CHANGED' } })
  await store.close()
  expect(everythingIn(directory)).toEqual([])
})
