/**
 * What every store must do, whatever it stores in. Called by each store's own test with a description of it; each test
 * opens a fresh, empty store.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../src/record/errors.ts'
import { RekeyError } from '../../src/record/errors.ts'
import type { Key } from '../../src/record/key.ts'
import { compareKeys, keyText, sameKey } from '../../src/record/key.ts'
import type { Entry, Evidence, Outcome, Range, Store, Traits } from '../../src/store/contract.ts'
import { compileGlob } from '../../src/store/glob.ts'

/** A store that is open and empty, and a way past it. */
export interface Opened {
  readonly store: Store
  /** stores content under a key without the store's own code, replacing what is there */
  plant(key: Key, content: string | Uint8Array): Promise<void>
  /** closes the store and takes away what it held */
  close(): Promise<void>
}

export interface StoreUnderTest {
  open(): Promise<Opened>
  readonly traits: Pick<Traits, 'ordered' | 'unique' | 'guards' | 'holds'>
  /** keys that it can hold, all at once, and that are easily got wrong */
  readonly oddKeys: readonly Key[]
  /** what listings give as values of JSON, of text, of bytes and of JSON with a long number, where that is not as usual */
  readonly listedValues?: Readonly<Record<keyof typeof USUAL_VALUES, Entry['value']>>
  /** keys that it cannot hold, and how it says so; absent where it holds any */
  readonly badKeys?: readonly (readonly [Key, ErrorCode])[]
}

const signal = new AbortController().signal
type Method<Name extends keyof Store> = NonNullable<Store[Name]>

const USUAL_VALUES = {
  json: { value: { domain: 'a.example', list: [1, 2.5, null] } },
  text: { value: 'not {json}' },
  bytes: { value64: '/wD+' },
  'long-number': { value: '{"id":12345678901234567890}' },
}

export function describeStore(
  name: string,
  { open, traits, oddKeys, listedValues = USUAL_VALUES, badKeys = [] }: StoreUnderTest,
): void {
  describe(`${name} as a store`, () => {
    let opened: Opened
    let store: Store
    beforeEach(async () => {
      opened = await open()
      store = opened.store
    })
    afterEach(() => opened.close())

    const plant = async (...keys: Key[]) => {
      for (const key of keys) await opened.plant(key, `content of ${keyText(key)}`)
    }
    const copy = (...args: Parameters<Method<'copy'>>) => method(store, 'copy')(...args)
    const create = (from: Key, to: Key) => copy([{ from, to }], 'absent', signal)
    const digests = (...keys: Key[]) => method(store, 'digest')(keys, signal)
    /** what a key is now, as a record would know it */
    const evidence = async (key: Key): Promise<Evidence> => {
      const [entry] = await store.stat([key], signal)
      const [digest] = await digests(key)
      const { sizeBytes, mtimeMs, etag } = entry as Entry
      return Object.fromEntries(
        Object.entries({ sizeBytes, mtimeMs, etag, digest }).filter(([, value]) => value !== undefined),
      )
    }

    test('declares what it can do', () => {
      const { ordered, unique, guards, holds } = store.traits
      expect({ ordered, unique, guards: [...guards].sort(), holds: [...holds].sort() }).toEqual({
        ...traits,
        guards: [...traits.guards].sort(),
        holds: [...traits.holds].sort(),
      })
      expect(store.traits.batch).toBeGreaterThan(0)
      expect(store.traits.concurrency).toBeGreaterThan(0)
    })

    describe('list', () => {
      test('of an empty store is empty', async () => {
        expect(await listed(store, {})).toEqual([])
      })

      test('gives every key, also an odd one', async () => {
        await plant(...oddKeys)
        expectSameKeys(keysOf(await listed(store, {})), oddKeys)
      })

      test('gives what stat gives', async () => {
        await plant('a', 'b', 'c')
        const entries = await listed(store, {})
        const stats = await store.stat(keysOf(entries), signal)
        expect(stats).toMatchObject(entries)
      })

      test('is in the order of bytes and gives no key twice, where the store says so', async () => {
        await plant(...oddKeys)
        const keys = keysOf(await listed(store, {}))
        if (traits.ordered) expect(keys).toEqual(keys.toSorted(compareKeys))
        if (traits.unique) expect(new Set(keys.map(keyText)).size).toBe(keys.length)
      })

      if (traits.ordered)
        test('goes on behind any key, there or not', async () => {
          await plant(...oddKeys)
          const all = oddKeys.toSorted(compareKeys)
          for (const after of [...all, 'a', 'zzz', '\u0001']) {
            const behind = all.filter((key) => compareKeys(key, after) > 0)
            expect(keysOf(await listed(store, { after })), keyText(after)).toEqual(behind)
          }
        })

      test.each(['*', 'a*', '*b', 'a?', '[a-b]*', '[^a]*', 'a\\*', 'ab', '', '*\n*', 'nothing*'])(
        'matches %j as any other store does',
        async (match) => {
          const keys = ['a', 'ab', 'b', 'abb', 'a*', 'line\nbreak', ...oddKeys]
          const unique = keys.filter((key, at) => keys.findIndex((other) => sameKey(key, other)) === at)
          await plant(...unique)
          expectSameKeys(keysOf(await listed(store, { match })), unique.filter(compileGlob(match)))
        },
      )

      test('gives values: JSON, text and bytes', async () => {
        await opened.plant('json', '{"domain":"a.example","list":[1,2.5,null]}')
        await opened.plant('text', 'not {json}')
        await opened.plant('bytes', Buffer.from([0xff, 0x00, 0xfe]))
        await opened.plant('long-number', '{"id":12345678901234567890}')
        const values = Object.fromEntries(
          (await listed(store, { values: true })).map((entry) => [entry.key, entry.value]),
        )
        expect(values).toEqual(listedValues)
      })

      test('can be left early, and begun anew', async () => {
        await plant('a', 'b', 'c')
        for await (const entries of store.list({}, signal)) {
          expect(entries.length).toBeGreaterThan(0)
          break
        }
        expectSameKeys(keysOf(await listed(store, {})), ['a', 'b', 'c'])
      })
    })

    describe('stat', () => {
      test('gives one answer per key in order: an entry, or undefined for an absent one', async () => {
        await plant('a', 'b')
        const answers = await store.stat(['b', 'absent', 'a', 'b'], signal)
        expect(answers.map((answer) => (answer as Entry | undefined)?.key)).toEqual(['b', undefined, 'a', 'b'])
        expect(await store.stat([], signal)).toEqual([])
      })

      test('knows odd keys', async () => {
        await plant(...oddKeys)
        const answers = await store.stat(oddKeys, signal)
        expectSameKeys(keysOf(answers as Entry[]), oddKeys)
      })
    })

    describe('copy', () => {
      test('creates, and leaves the source as it is', async () => {
        await opened.plant('from', 'content')
        const before = await evidence('from')
        expect(await create('from', 'to')).toMatchObject([{ outcome: 'done' }])
        expect(await evidence('from')).toEqual(before)
        const [from, to] = await digests('from', 'to')
        expect(to).toBe(from)
      })

      test('keeps what the store holds beside the content', async () => {
        await opened.plant('from', 'content')
        await create('from', 'to')
        const [from, to] = (await store.stat(['from', 'to'], signal)) as Entry[]
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
        await opened.plant('from', 'content')
        await opened.plant('to', 'what was there')
        const before = await evidence('to')
        expect(await create('from', 'to')).toEqual([{ outcome: 'skipped', reason: 'exists' }])
        expect(await evidence('to')).toEqual(before)
      })

      test('of a source that is gone makes nothing', async () => {
        expect(await create('gone', 'to')).toEqual([{ outcome: 'skipped', reason: 'gone' }])
        expect(await store.stat(['to'], signal)).toEqual([undefined])
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
          await opened.plant('from', 'content')
          await opened.plant('to', 'what was there')
          expect((await copy([{ from: 'from', to: 'to' }], 'any', signal)).map((one) => one.outcome)).toEqual(['done'])
          const [from, to] = await digests('from', 'to')
          expect(to).toBe(from)
        })

      if (traits.guards.includes('match'))
        test('replaces under the guard match what is as expected', async () => {
          await opened.plant('from', 'content')
          await opened.plant('to', 'what was there')
          const pair = { from: 'from', to: 'to', expect: await evidence('to') }
          expect((await copy([pair], 'match', signal)).map((one) => one.outcome)).toEqual(['done'])
          const [from, to] = await digests('from', 'to')
          expect(to).toBe(from)
        })

      if (traits.guards.includes('match'))
        test('leaves under the guard match what has changed', async () => {
          await opened.plant('from', 'content')
          await opened.plant('to', 'what was there')
          const expected = await evidence('to')
          await opened.plant('to', 'what somebody has written meanwhile')
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

    describe('read and write', () => {
      const read = (key: Key) => method(store, 'read')(key, signal)
      const writeFrom = async (from: Key, to: Key, guard: 'absent' | 'any' = 'absent') => {
        const content = await read(from)
        if (content === undefined) throw new Error(`${keyText(from)} is absent`)
        return await method(store, 'write')({ key: to, content }, guard, signal)
      }

      test('carry a content over as it is', async () => {
        for (const [at, content] of [
          '',
          'text',
          Buffer.alloc(300_000, 'abc'),
          Buffer.from([0, 255, 10, 13]),
        ].entries()) {
          // An empty string is no key to some stores.
          if (content === '' && traits.holds.includes('expiry')) continue
          await opened.plant(`from ${at}`, content)
          expect(wordOf(await writeFrom(`from ${at}`, `to ${at}`))).toBe('done')
          const [from, to] = await digests(`from ${at}`, `to ${at}`)
          expect(to).toBe(from)
        }
      })

      test('give an absent key as undefined', async () => {
        expect(await read('absent')).toBeUndefined()
      })

      test('give the bytes from their beginning each time', async () => {
        await opened.plant('from', Buffer.alloc(200_000, 'abc'))
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
        expect(codeOf(await method(store, 'write')(item, 'absent', signal))).toBe('E_CHANGED')
        expect(keysOf(await listed(store, {}))).toEqual(['from'])
      })
    })

    describe('digest', () => {
      test('is equal for equal contents and for no others, undefined for an absent key, in order', async () => {
        await opened.plant('a', 'content')
        await opened.plant('b', 'other')
        await opened.plant('c', 'content')
        const [a, absent, b, c] = await digests('a', 'absent', 'b', 'c')
        expect(a).toMatch(/^[a-z0-9-]+:.+/)
        expect([absent, c]).toEqual([undefined, a])
        expect(b).not.toBe(a)
        expect(await digests()).toEqual([])
      })
    })

    describe('remove', () => {
      test('takes away what is as expected, and nothing else', async () => {
        await plant('a', 'b')
        expect((await removeNow('a')).map(wordOf)).toEqual(['done'])
        expect(keysOf(await listed(store, {}))).toEqual(['b'])
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
        await opened.plant('a', 'what somebody has written meanwhile')
        expect((await remove('a', expected)).map(codeOf)).toEqual(['E_CHANGED'])
        expect(keysOf(await listed(store, {}))).toEqual(['a'])
      })

      test('recognises by a digest alone', async () => {
        await plant('a', 'b')
        const [a, b] = (await digests('a', 'b')) as string[]
        expect((await remove('a', { digest: b as string })).map(codeOf)).toEqual(['E_CHANGED'])
        expect((await remove('a', { digest: a as string })).map(wordOf)).toEqual(['done'])
        expect(keysOf(await listed(store, {}))).toEqual(['b'])
      })

      test('removes nothing that it cannot recognise', async () => {
        await plant('a')
        expect((await remove('a', {})).map(codeOf)).toEqual(['E_UNPROVEN'])
        expect(keysOf(await listed(store, {}))).toEqual(['a'])
      })

      test('gives one outcome per key, in order', async () => {
        await plant('a', 'b', 'c')
        const targets = await Promise.all(['c', 'a'].map(async (key) => ({ key, expect: await evidence(key) })))
        const gone = { key: 'gone', expect: { digest: 'sha256:00' } }
        const outcomes = await method(store, 'remove')([targets[0] as never, gone, targets[1] as never], signal)
        expect(outcomes.map(wordOf)).toEqual(['done', 'skipped gone', 'done'])
        expect(keysOf(await listed(store, {}))).toEqual(['b'])
      })

      test('takes odd keys, and leaves the store as it was before them', async () => {
        await plant(...oddKeys)
        for (const key of oddKeys) expect((await removeNow(key)).map(wordOf), keyText(key)).toEqual(['done'])
        expect(await listed(store, {})).toEqual([])
      })
    })

    if (badKeys.length > 0)
      describe('a key that it cannot hold', () => {
        test.each(badKeys.map(([key, code]) => [keyText(key).slice(0, 60), code, key] as const))(
          '%s is %s, and stops nobody else',
          async (_, code, bad) => {
            await plant('a', 'b')
            const before = await listed(store, {})
            const [looked] = await store.stat([bad], signal)
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
            expect(await listed(store, {})).toEqual(before)
          },
        )
      })

    const remove = (key: Key, expected: Evidence) => method(store, 'remove')([{ key, expect: expected }], signal)
    const removeNow = async (key: Key) => await remove(key, await evidence(key))
  })
}

/** The whole listing; a key that a store without unique listings gives twice is there once. */
async function listed(store: Store, range: Range): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of store.list(range, signal)) entries.push(...batch)
  if (store.traits.unique) return entries
  return [...new Map(entries.map((entry) => [keyText(entry.key), entry])).values()]
}

function keysOf(entries: readonly Entry[]): Key[] {
  return entries.map(({ key }) => key)
}

function expectSameKeys(keys: readonly Key[], expected: readonly Key[]): void {
  expect(keys.map(keyText).sort()).toEqual(expected.map(keyText).sort())
}

function wordOf(outcome: Outcome): string {
  if ('error' in outcome) return `${outcome.outcome} ${outcome.error.code}: ${outcome.error.message}`
  return outcome.outcome === 'skipped' ? `skipped ${outcome.reason}` : outcome.outcome
}

function codeOf(outcome: Outcome): ErrorCode | undefined {
  return 'error' in outcome ? outcome.error.code : undefined
}

async function bytesOf(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A method that the suite needs; a store that lacks it is described by another suite. */
function method<Name extends 'copy' | 'read' | 'write' | 'remove' | 'digest'>(store: Store, name: Name): Method<Name> {
  const found = store[name]
  if (found === undefined) throw new Error(`${store.location} cannot ${name}`)
  return found.bind(store) as Method<Name>
}
