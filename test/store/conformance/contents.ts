/** What a store reads and writes, and how it tells contents apart. */
import { describe, expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Key } from '../../../src/record/key.ts'
import { keyText } from '../../../src/record/key.ts'
import type { StoreUnderTest, TriedStore } from './tried-store.ts'
import { bytesOf, codeOf, keysOf, listed, method, signal, wordOf } from './tried-store.ts'

export function describeContents(tried: TriedStore, { traits }: StoreUnderTest): void {
  const { plant, digests, evidence } = tried

  describe('read and write', () => {
    const read = (key: Key) => method(tried.store, 'read')(key, signal)
    const writeFrom = async (from: Key, to: Key, guard: 'absent' | 'any' = 'absent') => {
      const content = await read(from)
      if (content === undefined) throw new Error(`${keyText(from)} is absent`)
      return await method(tried.store, 'write')({ key: to, content }, guard, signal)
    }

    test('carry a content over as it is', async () => {
      for (const [at, content] of ['', 'text', Buffer.alloc(300_000, 'abc'), Buffer.from([0, 255, 10, 13])].entries()) {
        // An empty string is no key to some stores.
        if (content === '' && traits.holds.includes('expiry')) continue
        await tried.opened.plant(`from ${at}`, content)
        expect(wordOf(await writeFrom(`from ${at}`, `to ${at}`))).toBe('done')
        const [from, to] = await digests(`from ${at}`, `to ${at}`)
        expect(to).toBe(from)
      }
    })

    test('give an absent key as undefined', async () => {
      expect(await read('absent')).toBeUndefined()
    })

    test('give the bytes from their beginning each time', async () => {
      await tried.opened.plant('from', Buffer.alloc(200_000, 'abc'))
      const content = await read('from')
      const first = await bytesOf(content?.body())
      expect(first.length).toBeGreaterThan(0)
      expect((await bytesOf(content?.body())).equals(first)).toBe(true)
    })

    test('create only', async () => {
      await plant('from', 'to')
      const before = await evidence('to')
      expect(await writeFrom('from', 'to')).toEqual({ outcome: 'skipped', reason: 'exists' })
      expect(await evidence('to')).toEqual(before)
    })

    test('create what many want at once exactly once', async () => {
      await plant('a', 'b')
      for (let round = 0; round < 50; round++) {
        const outcomes = await Promise.all(['a', 'b', 'a', 'b'].map((from) => writeFrom(from, `raced ${round}`)))
        expect(outcomes.map(wordOf).sort()).toEqual(['done', ...Array(3).fill('skipped exists')])
      }
    })

    if (traits.guards.includes('any'))
      test('replace under the guard any', async () => {
        await plant('from', 'to')
        expect((await writeFrom('from', 'to', 'any')).outcome).toBe('done')
        const [from, to] = await digests('from', 'to')
        expect(to).toBe(from)
      })

    test('fail with the error of the source, and leave nothing', async () => {
      await plant('from')
      const content = await read('from')
      const broken = async function* () {
        for await (const chunk of content?.body() ?? []) yield chunk
        throw new RekeyError('E_CHANGED', 'the source changed')
      }
      const item = { key: 'to', content: { ...(content as NonNullable<typeof content>), body: broken } }
      expect(codeOf(await method(tried.store, 'write')(item, 'absent', signal))).toBe('E_CHANGED')
      expect(keysOf(await listed(tried.store, {}))).toEqual(['from'])
    })
  })

  describe('digest', () => {
    test('is equal for equal contents and for no others, undefined for an absent key, in order', async () => {
      await tried.opened.plant('a', 'content')
      await tried.opened.plant('b', 'other')
      await tried.opened.plant('c', 'content')
      const [a, absent, b, c] = await digests('a', 'absent', 'b', 'c')
      expect(a).toMatch(/^[a-z0-9-]+:.+/)
      expect([absent, c]).toEqual([undefined, a])
      expect(b).not.toBe(a)
      expect(await digests()).toEqual([])
    })
  })
}
