/** Workers whose clocks differ by 40 minutes share a plan, with leases that are stale after nine seconds. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
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
    termMs: 9_000,
    staleMs: 9_000,
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
  // Each holds a part, and has renewed it at every third of the time for longer than a lease lasts without that.
  await until(async () => {
    const leases = await leasesIn(plan.parts)
    return leases.length === 2 && leases.every(({ beats }) => beats >= 4)
  })
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

/** What stands in each lease now; one that is changing at this moment has no beats. */
async function leasesIn(parts: string): Promise<readonly { readonly beats: number }[]> {
  const names = await readdir(`${parts}/leases`).catch(() => [])
  return Promise.all(
    names.map(async (name) => {
      const versions = (await readdir(`${parts}/leases/${name}`)).map((file) => Number.parseInt(file, 10) || 0)
      const text = await readFile(`${parts}/leases/${name}/${Math.max(...versions)}.json`, 'utf8').catch(() => '{}')
      return { beats: 0, ...JSON.parse(text) }
    }),
  )
}

async function* nothing() {}
