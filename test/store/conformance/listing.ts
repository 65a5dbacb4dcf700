/** What every store lists and knows of its keys. */
import { describe, expect, test } from 'vitest'
import { compareKeys, keyText, sameKey } from '../../../src/record/key.ts'
import type { Entry } from '../../../src/store/contract.ts'
import { compileGlob } from '../../../src/store/glob.ts'
import type { StoreUnderTest, TriedStore } from './tried-store.ts'
import { expectSameKeys, keysOf, listed, signal, USUAL_VALUES } from './tried-store.ts'

export function describeListing(
  tried: TriedStore,
  { traits, oddKeys, listedValues = USUAL_VALUES }: StoreUnderTest,
): void {
  const { plant } = tried

  describe('list', () => {
    test('of an empty store is empty', async () => {
      expect(await listed(tried.store, {})).toEqual([])
    })

    test('gives every key, also an odd one', async () => {
      await plant(...oddKeys)
      expectSameKeys(keysOf(await listed(tried.store, {})), oddKeys)
    })

    test('gives what stat gives', async () => {
      await plant('a', 'b', 'c')
      const entries = await listed(tried.store, {})
      const stats = await tried.store.stat(keysOf(entries), signal)
      expect(stats).toMatchObject(entries)
    })

    test('is in the order of bytes and gives no key twice, where the store says so', async () => {
      await plant(...oddKeys)
      const keys = keysOf(await listed(tried.store, {}))
      if (traits.ordered) expect(keys).toEqual(keys.toSorted(compareKeys))
      if (traits.unique) expect(new Set(keys.map(keyText)).size).toBe(keys.length)
    })

    if (traits.ordered)
      test('goes on behind any key, there or not', async () => {
        await plant(...oddKeys)
        const all = oddKeys.toSorted(compareKeys)
        for (const after of [...all, 'a', 'zzz', '\u0001']) {
          const behind = all.filter((key) => compareKeys(key, after) > 0)
          expect(keysOf(await listed(tried.store, { after })), keyText(after)).toEqual(behind)
        }
      })

    test.each(['*', 'a*', '*b', 'a?', '[a-b]*', '[^a]*', 'a\\*', 'ab', '', '*\n*', 'nothing*'])(
      'matches %j as any other store does',
      async (match) => {
        const keys = ['a', 'ab', 'b', 'abb', 'a*', 'line\nbreak', ...oddKeys]
        const unique = keys.filter((key, at) => keys.findIndex((other) => sameKey(key, other)) === at)
        await plant(...unique)
        expectSameKeys(keysOf(await listed(tried.store, { match })), unique.filter(compileGlob(match)))
      },
    )

    test('gives values: JSON, text and bytes', async () => {
      await tried.opened.plant('json', '{"domain":"a.example","list":[1,2.5,null]}')
      await tried.opened.plant('text', 'not {json}')
      await tried.opened.plant('bytes', Buffer.from([0xff, 0x00, 0xfe]))
      await tried.opened.plant('long-number', '{"id":12345678901234567890}')
      const values = Object.fromEntries(
        (await listed(tried.store, { values: true })).map((entry) => [entry.key, entry.value]),
      )
      expect(values).toEqual(listedValues)
    })

    test('can be left early, and begun anew', async () => {
      await plant('a', 'b', 'c')
      for await (const entries of tried.store.list({}, signal)) {
        expect(entries.length).toBeGreaterThan(0)
        break
      }
      expectSameKeys(keysOf(await listed(tried.store, {})), ['a', 'b', 'c'])
    })
  })

  describe('stat', () => {
    test('gives one answer per key in order: an entry, or undefined for an absent one', async () => {
      await plant('a', 'b')
      const answers = await tried.store.stat(['b', 'absent', 'a', 'b'], signal)
      expect(answers.map((answer) => (answer as Entry | undefined)?.key)).toEqual(['b', undefined, 'a', 'b'])
      expect(await tried.store.stat([], signal)).toEqual([])
    })

    test('knows odd keys', async () => {
      await plant(...oddKeys)
      const answers = await tried.store.stat(oddKeys, signal)
      expectSameKeys(keysOf(answers as Entry[]), oddKeys)
    })
  })
}
