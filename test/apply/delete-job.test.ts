/** A store stands in here that tells what it was asked to remove. */
import { expect, test } from 'vitest'
import { removeGroup } from '../../src/apply/delete-job.ts'
import type { Removal } from '../../src/apply/deletion.ts'
import { HeldKeys } from '../../src/apply/held-keys.ts'
import type { Context } from '../../src/stage/stage.ts'
import type { Store, Target } from '../../src/store/contract.ts'

const signal = new AbortController().signal
const context = { abort: signal, stop: signal } as Context

test.each([
  ['that holds the copy too is given it, to be asked for in the same step', 'one:', { store: 'one:', key: 'to' }],
  ['that does not is not', 'other:', undefined],
])('a store %s', async (_, place, expected) => {
  const asked: Target[] = []
  const store = {
    location: 'one:',
    traits: { holds: [] },
    stat: async (keys: readonly string[]) => keys.map((key) => ({ key, sizeBytes: 1 })),
    remove: async (targets: readonly Target[]) => {
      asked.push(...targets)
      return targets.map(() => ({ outcome: 'done' }))
    },
  } as unknown as Store
  const dest = place === 'one:' ? store : { ...store, location: place }
  const removal: Removal = {
    kind: 'remove',
    side: 'source',
    store: 'one:',
    key: 'from',
    witness: { store: place, key: 'to', expect: {} },
    expect: { sizeBytes: 1 },
  }
  const group = { items: [{ line: {} as never, removal }], source: store, dest }
  const settings = { dryRun: false, forecast: undefined, retries: 0 }
  expect(await removeGroup(group, settings, new HeldKeys(), context)).toEqual([{ outcome: 'done' }])
  expect(asked).toEqual([
    { key: 'from', expect: { sizeBytes: 1 }, ...(expected && { witness: { ...expected, expect: {} } }) },
  ])
})

test.each<[string, string[], string | undefined, boolean]>([
  ['of a store that has times', ['mtime'], 'sha256:0', true],
  ['of one that has none', [], 'sha256:0', false],
  ['of one that has none, and there is no digest', [], undefined, true],
])('a copy %s, in one that has them', async (_, holds, digest, timed) => {
  const asked: Target[] = []
  const storeAt = (location: string, held: string[]) => ({
    location,
    traits: { holds: held },
    stat: async (keys: readonly string[]) => keys.map((key) => ({ key })),
    remove: async (targets: readonly Target[]) => {
      asked.push(...targets)
      return targets.map(() => ({ outcome: 'done' }))
    },
  })
  const removal: Removal = {
    kind: 'remove',
    side: 'dest',
    store: 'copies:',
    key: 'to',
    witness: { store: 'originals:', key: 'from', expect: {} },
    expect: { mtimeMs: 1, ...(digest !== undefined && { digest }) },
  }
  const source = storeAt('copies:', ['mtime']) as unknown as Store
  const dest = storeAt('originals:', holds) as unknown as Store
  const settings = { dryRun: false, forecast: undefined, retries: 0 }
  await removeGroup({ items: [{ line: {} as never, removal }], source, dest }, settings, new HeldKeys(), context)
  expect(asked.map(({ expect: { mtimeMs } }) => mtimeMs)).toEqual([timed ? 1 : undefined])
})

test("two keys that are each other's copy do not take each other along where their store is spelled in two ways", async () => {
  const store = {
    location: 'file:/d/',
    traits: { holds: [] },
    stat: async (keys: readonly string[]) => keys.map((key) => ({ key, sizeBytes: 1 })),
    remove: async (targets: readonly Target[]) => targets.map(() => ({ outcome: 'done' })),
  } as unknown as Store
  const held = new HeldKeys()
  const removeAt = (spelled: string, key: string, copy: string) => {
    const witness = { store: spelled, key: copy, expect: {} }
    const removal: Removal = { kind: 'remove', side: 'source', store: spelled, key, witness, expect: {} }
    const group = { items: [{ line: {} as never, removal }], source: store, dest: store }
    return removeGroup(group, { dryRun: false, forecast: undefined, retries: 0 }, held, context)
  }
  const outcomes = await Promise.all([removeAt('file:/d/', 'p', 'q'), removeAt('/d', 'q', 'p')])
  expect(outcomes).toMatchObject([[{ outcome: 'done' }], [{ outcome: 'failed', error: { code: 'E_UNPROVEN' } }]])
})
