/** Workers whose clocks differ by 40 minutes share a plan, with leases that are stale after three seconds. */
import { writeFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { partsStage } from '../../../src/apply/parts/parts-stage.ts'
import { contextWith } from './context.ts'
import { notedIn, partName, plantParts, until } from './plant.ts'

test('each part is done once, by one of them', async () => {
  const plan = await plantParts(6, 10)
  const options = {
    location: plan.parts,
    command: plan.worker(5),
    lease: undefined,
    termMs: 3_000,
    staleMs: 3_000,
    attempts: 3,
    once: false,
    waitMs: undefined,
  }
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const witnesses: unknown[] = []
  const workers = [-20, 20].map(async (minutes) => {
    const stage = partsStage(options)
    for await (const lines of stage(nothing(), contextWith({ wrongMs: minutes * 60_000, stop: stop.signal }))) {
      witnesses.push(...lines.map(({ record }) => record))
    }
  })
  // Each holds a part, and has renewed it longer than a lease of either lasts without that.
  await until(async () => new Set((await notedIn(plan.log)).map(({ pid }) => pid)).size === 2)
  const since = performance.now()
  await until(async () => performance.now() - since > 4_000)
  await writeFile(plan.gate, '')
  await Promise.all(workers)
  expect(witnesses.map((witness) => (witness as { part: string }).part).sort()).toEqual(
    [1, 2, 3, 4, 5, 6].map(partName),
  )
  expect(witnesses).toMatchObject(
    Array.from({ length: 6 }, () => ({ token: 1, counts: { in: 10, done: 10, missing: 0 } })),
  )
  expect(await notedIn(plan.log)).toHaveLength(60)
})

async function* nothing() {}
