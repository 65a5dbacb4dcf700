/** Workers whose clocks differ by 40 minutes share a plan, with leases that are stale after three seconds. */
import { writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { partsStage } from '../../../src/apply/parts/parts-stage.ts'
import { appendTo } from '../../../src/cli/appender.ts'
import { openScratch } from '../../../src/cli/scratch.ts'
import { startCommand } from '../../../src/cli/start-command.ts'
import { steady } from '../../../src/cli/steady.ts'
import { Watchdog } from '../../../src/cli/watchdog.ts'
import type { Context } from '../../../src/stage/stage.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { Stores } from '../../../src/store/stores.ts'
import { surroundings } from '../../store/s3/open.ts'
import { notedIn, partName, plantParts, until } from './plant.ts'

/** What a tool gives its stage, with a clock that is wrong by so much. */
function contextWith(wrongMs: number, stop: AbortSignal): Context {
  const now = () => Date.now() + wrongMs
  const stores = new Stores(STORE_DEFAULTS, surroundings(), { now, random: Math.random, stop })
  const watchdog = new Watchdog()
  onTestFinished(async () => {
    watchdog.close()
    await stores.close()
  })
  return {
    stop,
    abort: new AbortController().signal,
    now,
    steady,
    random: Math.random,
    process: { host: hostname(), pid: process.pid },
    tell: () => {},
    warn: () => {},
    count: () => {},
    show: () => {},
    foundBad: () => {},
    open: (location) => stores.open(location),
    openLeases: (location) => stores.openLeases(location),
    createTable: (location, shape) => stores.createTable(location, shape),
    start: (command) => startCommand(command, watchdog),
    readFile: () => {
      throw new Error('run-parts reads no files')
    },
    appendTo,
    scratch: openScratch,
  }
}

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
  }
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const witnesses: unknown[] = []
  const workers = [-20, 20].map(async (minutes) => {
    const stage = partsStage(options)
    for await (const lines of stage(nothing(), contextWith(minutes * 60_000, stop.signal))) {
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
