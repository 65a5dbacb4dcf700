/** What copies inside a store do, under each guard that it obeys. */
import { describe, expect, test } from 'vitest'
import type { Entry } from '../../../src/store/contract.ts'
import type { StoreUnderTest, TriedStore } from './tried-store.ts'
import { codeOf, signal, wordOf } from './tried-store.ts'

export function describeCopying(tried: TriedStore, { traits, oddKeys }: StoreUnderTest): void {
  const { plant, copy, create, digests, evidence, removeNow } = tried

  describe('copy', () => {
    test('creates, and leaves the source as it is', async () => {
      await tried.opened.plant('from', 'content')
      const before = await evidence('from')
      expect(await create('from', 'to')).toMatchObject([{ outcome: 'done' }])
      expect(await evidence('from')).toEqual(before)
      const [from, to] = await digests('from', 'to')
      expect(to).toBe(from)
    })

    test('keeps what the store holds beside the content', async () => {
      await tried.opened.plant('from', 'content')
      await create('from', 'to')
      const [from, to] = (await tried.store.stat(['from', 'to'], signal)) as Entry[]
      const holdsTime = traits.holds.includes('mtime')
      const about = ({ type, mtimeMs, mode, expiresMs }: Entry) => ({
        type,
        mode,
        expiresMs,
        ...(holdsTime && { mtimeMs }),
      })
      expect(about(to as Entry)).toEqual(about(from as Entry))
    })

    test('leaves alone what exists', async () => {
      await tried.opened.plant('from', 'content')
      await tried.opened.plant('to', 'what was there')
      const before = await evidence('to')
      expect(await create('from', 'to')).toEqual([{ outcome: 'skipped', reason: 'exists' }])
      expect(await evidence('to')).toEqual(before)
    })

    test('of a source that is gone makes nothing', async () => {
      expect(await create('gone', 'to')).toEqual([{ outcome: 'skipped', reason: 'gone' }])
      expect(await tried.store.stat(['to'], signal)).toEqual([undefined])
    })

    test('gives one outcome per pair, in order', async () => {
      await plant('a', 'b', 'taken')
      const outcomes = await copy(
        [
          { from: 'a', to: 'a2' },
          { from: 'gone', to: 'c2' },
          { from: 'b', to: 'taken' },
          { from: 'b', to: 'b2' },
        ],
        'absent',
        signal,
      )
      expect(outcomes.map(wordOf)).toEqual(['done', 'skipped gone', 'skipped exists', 'done'])
      expect(await copy([], 'absent', signal)).toEqual([])
    })

    test('to one destination from two sources of a batch creates it once', async () => {
      await plant('a', 'b')
      const outcomes = await copy(
        [
          { from: 'a', to: 'one' },
          { from: 'b', to: 'one' },
        ],
        'absent',
        signal,
      )
      expect(outcomes.map(wordOf).sort()).toEqual(['done', 'skipped exists'])
    })

    test('creates a destination that many want at once exactly once, with the content of the winner', async () => {
      const sources = ['s0', 's1', 's2', 's3']
      await plant(...sources)
      const contents = await digests(...sources)
      for (let round = 0; round < 50; round++) {
        const to = `raced ${round}`
        const outcomes = (await Promise.all(sources.map((from) => create(from, to)))).flat()
        expect(outcomes.map(wordOf).sort()).toEqual(['done', ...Array(3).fill('skipped exists')])
        const winner = outcomes.findIndex(({ outcome }) => outcome === 'done')
        expect(await digests(to)).toEqual([contents[winner]])
      }
    })

    test('takes odd keys on both sides', async () => {
      await plant(...oddKeys)
      const pairs = oddKeys.map((from, at) => ({ from, to: `copy ${at}` }))
      expect((await copy(pairs, 'absent', signal)).map(wordOf)).toEqual(oddKeys.map(() => 'done'))
      for (const key of oddKeys) await removeNow(key)
      const back = pairs.map(({ from, to }) => ({ from: to, to: from }))
      expect((await copy(back, 'absent', signal)).map(wordOf)).toEqual(oddKeys.map(() => 'done'))
      expect(await digests(...oddKeys)).toEqual(await digests(...pairs.map(({ to }) => to)))
    })

    if (traits.guards.includes('any'))
      test('replaces under the guard any, and only then', async () => {
        await tried.opened.plant('from', 'content')
        await tried.opened.plant('to', 'what was there')
        expect((await copy([{ from: 'from', to: 'to' }], 'any', signal)).map((one) => one.outcome)).toEqual(['done'])
        const [from, to] = await digests('from', 'to')
        expect(to).toBe(from)
      })

    if (traits.guards.includes('match'))
      test('replaces under the guard match what is as expected', async () => {
        await tried.opened.plant('from', 'content')
        await tried.opened.plant('to', 'what was there')
        const pair = { from: 'from', to: 'to', expect: await evidence('to') }
        expect((await copy([pair], 'match', signal)).map((one) => one.outcome)).toEqual(['done'])
        const [from, to] = await digests('from', 'to')
        expect(to).toBe(from)
      })

    if (traits.guards.includes('match'))
      test('leaves under the guard match what has changed', async () => {
        await tried.opened.plant('from', 'content')
        await tried.opened.plant('to', 'what was there')
        const expected = await evidence('to')
        await tried.opened.plant('to', 'what somebody has written meanwhile')
        const before = await evidence('to')
        const outcomes = await copy([{ from: 'from', to: 'to', expect: expected }], 'match', signal)
        expect(outcomes.map(codeOf)).toEqual(['E_CHANGED'])
        expect(await evidence('to')).toEqual(before)
      })

    test.each((['absent', 'match', 'merge', 'any'] as const).filter((guard) => !traits.guards.includes(guard)))(
      'refuses the guard %s, which it does not know',
      async (guard) => {
        await plant('from', 'to')
        const before = await evidence('to')
        const outcomes = await copy([{ from: 'from', to: 'to', expect: before }], guard, signal)
        expect(outcomes.map(codeOf)).toEqual(['E_UNSUPPORTED'])
        expect(await evidence('to')).toEqual(before)
      },
    )
  })
}
