/** A store that the suite tries, what it is said to do, and the words in which tests ask it. */
import { afterEach, beforeEach, expect } from 'vitest'
import type { ErrorCode } from '../../../src/record/errors.ts'
import type { Key } from '../../../src/record/key.ts'
import { keyText } from '../../../src/record/key.ts'
import type { Digested, Entry, Evidence, Outcome, Range, Store, Traits } from '../../../src/store/contract.ts'

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

export const signal = new AbortController().signal
type Method<Name extends keyof Store> = NonNullable<Store[Name]>

export const USUAL_VALUES = {
  json: { value: { domain: 'a.example', list: [1, 2.5, null] } },
  text: { value: 'not {json}' },
  bytes: { value64: '/wD+' },
  'long-number': { value: '{"id":12345678901234567890}' },
}

/** Another one in each test. */
export interface TriedStore {
  readonly opened: Opened
  readonly store: Store
  plant(...keys: Key[]): Promise<void>
  copy: Method<'copy'>
  create(from: Key, to: Key): Promise<readonly Outcome[]>
  digests(...keys: Key[]): Promise<readonly Digested[]>
  /** what a key is now, as a record would know it */
  evidence(key: Key): Promise<Evidence>
  remove(key: Key, expected: Evidence): Promise<readonly Outcome[]>
  removeNow(key: Key): Promise<readonly Outcome[]>
}

/** Opens a store before each test of the present `describe`, and closes it behind it. */
export function triedStore(open: StoreUnderTest['open']): TriedStore {
  let opened: Opened
  beforeEach(async () => {
    opened = await open()
  })
  afterEach(() => opened.close())
  const tried: TriedStore = {
    get opened() {
      return opened
    },
    get store() {
      return opened.store
    },
    async plant(...keys) {
      for (const key of keys) await opened.plant(key, `content of ${keyText(key)}`)
    },
    copy: (...args) => method(tried.store, 'copy')(...args),
    create: (from, to) => tried.copy([{ from, to }], 'absent', signal),
    digests: (...keys) => method(tried.store, 'digest')(keys, signal),
    async evidence(key) {
      const [entry] = await tried.store.stat([key], signal)
      const [digest] = await tried.digests(key)
      const { sizeBytes, mtimeMs, etag } = entry as Entry
      return Object.fromEntries(
        Object.entries({ sizeBytes, mtimeMs, etag, digest }).filter(([, value]) => value !== undefined),
      )
    },
    remove: (key, expected) => method(tried.store, 'remove')([{ key, expect: expected }], signal),
    removeNow: async (key) => await tried.remove(key, await tried.evidence(key)),
  }
  return tried
}

/** The whole listing; a key that a store without unique listings gives twice is there once. */
export async function listed(store: Store, range: Range): Promise<Entry[]> {
  const entries: Entry[] = []
  for await (const batch of store.list(range, signal)) entries.push(...batch)
  if (store.traits.unique) return entries
  return [...new Map(entries.map((entry) => [keyText(entry.key), entry])).values()]
}

export function keysOf(entries: readonly Entry[]): Key[] {
  return entries.map(({ key }) => key)
}

export function expectSameKeys(keys: readonly Key[], expected: readonly Key[]): void {
  expect(keys.map(keyText).sort()).toEqual(expected.map(keyText).sort())
}

export function wordOf(outcome: Outcome): string {
  if ('error' in outcome) return `${outcome.outcome} ${outcome.error.code}: ${outcome.error.message}`
  return outcome.outcome === 'skipped' ? `skipped ${outcome.reason}` : outcome.outcome
}

export function codeOf(outcome: Outcome): ErrorCode | undefined {
  return 'error' in outcome ? outcome.error.code : undefined
}

export async function bytesOf(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body ?? []) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A method that the suite needs; a store that lacks it is described by another suite. */
export function method<Name extends 'copy' | 'read' | 'write' | 'remove' | 'digest'>(
  store: Store,
  name: Name,
): Method<Name> {
  const found = store[name]
  if (found === undefined) throw new Error(`${store.location} cannot ${name}`)
  return found.bind(store) as Method<Name>
}
