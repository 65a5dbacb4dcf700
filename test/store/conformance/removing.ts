/** What a store removes, and how it refuses a key that it cannot hold. */
import { describe, expect, test } from 'vitest'
import type { RekeyError } from '../../../src/record/errors.ts'
import { keyText } from '../../../src/record/key.ts'
import type { Entry } from '../../../src/store/contract.ts'
import type { StoreUnderTest, TriedStore } from './tried-store.ts'
import { codeOf, keysOf, listed, method, signal, wordOf } from './tried-store.ts'

export function describeRemoving(tried: TriedStore, { oddKeys, badKeys = [] }: StoreUnderTest): void {
  const { plant, copy, digests, evidence, remove, removeNow } = tried

  describe('remove', () => {
    test('takes away what is as expected, and nothing else', async () => {
      await plant('a', 'b')
      expect((await removeNow('a')).map(wordOf)).toEqual(['done'])
      expect(keysOf(await listed(tried.store, {}))).toEqual(['b'])
    })

    test('of what is gone is skipped', async () => {
      await plant('a')
      const expected = await evidence('a')
      await removeNow('a')
      expect(await remove('a', expected)).toEqual([{ outcome: 'skipped', reason: 'gone' }])
    })

    test('leaves what has changed', async () => {
      await plant('a')
      const expected = await evidence('a')
      await tried.opened.plant('a', 'what somebody has written meanwhile')
      expect((await remove('a', expected)).map(codeOf)).toEqual(['E_CHANGED'])
      expect(keysOf(await listed(tried.store, {}))).toEqual(['a'])
    })

    test('recognises by a digest alone', async () => {
      await plant('a', 'b')
      const [a, b] = (await digests('a', 'b')) as string[]
      expect((await remove('a', { digest: b as string })).map(codeOf)).toEqual(['E_CHANGED'])
      expect((await remove('a', { digest: a as string })).map(wordOf)).toEqual(['done'])
      expect(keysOf(await listed(tried.store, {}))).toEqual(['b'])
    })

    test('removes nothing that it cannot recognise', async () => {
      await plant('a')
      expect((await remove('a', {})).map(codeOf)).toEqual(['E_UNPROVEN'])
      expect(keysOf(await listed(tried.store, {}))).toEqual(['a'])
    })

    test('gives one outcome per key, in order', async () => {
      await plant('a', 'b', 'c')
      const targets = await Promise.all(['c', 'a'].map(async (key) => ({ key, expect: await evidence(key) })))
      const gone = { key: 'gone', expect: { digest: 'sha256:00' } }
      const outcomes = await method(tried.store, 'remove')([targets[0] as never, gone, targets[1] as never], signal)
      expect(outcomes.map(wordOf)).toEqual(['done', 'skipped gone', 'done'])
      expect(keysOf(await listed(tried.store, {}))).toEqual(['b'])
    })

    test('takes odd keys, and leaves the store as it was before them', async () => {
      await plant(...oddKeys)
      for (const key of oddKeys) expect((await removeNow(key)).map(wordOf), keyText(key)).toEqual(['done'])
      expect(await listed(tried.store, {})).toEqual([])
    })
  })

  if (badKeys.length > 0)
    describe('a key that it cannot hold', () => {
      test.each(badKeys.map(([key, code]) => [keyText(key).slice(0, 60), code, key] as const))(
        '%s is %s, and stops nobody else',
        async (_, code, bad) => {
          await plant('a', 'b')
          const before = await listed(tried.store, {})
          const [looked] = await tried.store.stat([bad], signal)
          expect((looked as RekeyError).code).toBe(code)
          const [digest] = await digests(bad)
          expect((digest as RekeyError).code).toBe(code)
          const pairs = [
            { from: bad, to: 'c' },
            { from: 'a', to: bad },
            { from: 'a', to: 'a2' },
          ]
          expect((await copy(pairs, 'absent', signal)).map((one) => codeOf(one) ?? wordOf(one))).toEqual([
            code,
            code,
            'done',
          ])
          expect((await remove(bad, { digest: 'sha256:00' })).map(codeOf)).toEqual([code])
          await removeNow('a2')
          // Entries whole, in an order that only some stores promise.
          expect(byKey(await listed(tried.store, {}))).toEqual(byKey(before))
        },
      )
    })
}

function byKey(entries: readonly Entry[]): readonly Entry[] {
  return entries.toSorted((one, other) => (keyText(one.key) < keyText(other.key) ? -1 : 1))
}
