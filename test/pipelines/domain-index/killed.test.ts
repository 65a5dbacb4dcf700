/** Killed twenty times at seeded moments, in every step, a migration ends as one that was never stopped. */
import { describe, expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { seeded } from '../redis-jobs/seeded.ts'
import { domainIndex, pipelineOn } from './index.ts'
import type { Planted } from './places.ts'
import { bucket, digestsOf, directory } from './places.ts'

const { before, after, moved } = domainIndex(100)
const random = seeded(Number(process.env.SEED ?? 20261125))
const between = (least: number, most: number) => least + Math.floor(random() * (most - least))

describe.each([
  ['a directory', directory],
  ['Ceph', bucket],
])('%s', (_, plant) => {
  test('ends the same after twenty kills', async () => {
    const place = await plant(before)
    const { run, killed } = pipelineOn(place, await directoryWith({}))
    const extras = await Promise.all([...moved.values()].map(place.extras))
    const die = async (times: number, command: string) => {
      for (let n = 0; n < times; n++) expect((await run(command, between(1, 12))).code).toBe(137)
    }

    await die(5, 'backup')
    for (let n = 0; n < 3; n++) await killed('backup', between(100, 2000))
    expect((await run('backup')).code).toBe(0)
    expect((await run('plan --heuristic')).code).toBe(1)
    // Before anything by the clock, which may come to the end of the copies: these deaths need some that are to be made.
    await die(5, 'copy')
    for (let n = 0; n < 3; n++) await killed('copy', between(100, 2000))
    await run('copy')
    await die(1, 'delete')
    for (let n = 0; n < 3; n++) await killed('all --heuristic', between(100, 4000))

    expect((await run('all --heuristic')).code).toBe(1)
    expect(await place.contents()).toEqual(digestsOf(after))
    expect(await Promise.all([...moved.keys()].map(place.extras))).toEqual(extras)

    expect((await run('restore')).code).toBe(0)
    expect((await run('undo')).code).toBe(0)
    expect(await place.contents()).toEqual(digestsOf(before))
  }, 240_000)
})

describe.each([
  ['a directory', directory],
  ['Ceph', bucket],
  ['Ceph with versions', (planted: Planted) => bucket(planted, { versioning: true })],
])('%s', (where, plant) => {
  test('is brought back although delete and undo were killed, and can be migrated again', async () => {
    const place = await plant(before)
    const { run } = pipelineOn(place, await directoryWith({}))
    if (where !== 'Ceph with versions') await run('backup')
    for (const command of ['plan --heuristic', 'copy']) await run(command)
    expect((await run('delete', 5)).code).toBe(137)
    if (where !== 'Ceph with versions') await run('restore')
    expect((await run('undo', 5)).code).toBe(137)
    const undone = await run('undo')
    expect(undone.code, undone.stdout + undone.stderr).toBe(0)
    expect(await place.contents()).toEqual(digestsOf(before))

    expect((await run('all --heuristic')).code).toBe(1)
    expect(await place.contents()).toEqual(digestsOf(after))
  }, 240_000)
})
