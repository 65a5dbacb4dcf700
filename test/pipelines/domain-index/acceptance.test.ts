/**
 * A whole migration of 2,500 dashed keys and every trap, on a directory and on Ceph: it ends as the README's table says,
 * with tags, types and metadata, a second run does nothing, and restore and undo bring back what was there.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { recordsOf } from '../../run-tool.ts'
import { domainIndex, INDEX, pipelineOn } from './index.ts'
import { bucket, digestsOf, directory } from './places.ts'

const { before, after, moved } = domainIndex(2500)
const HEARTBEAT = 'staging/status/pi-1.json'

describe.each([
  ['a directory', directory],
  ['Ceph', bucket],
])('%s', (_, plant) => {
  test('is migrated, and brought back', async () => {
    const place = await plant(before)
    const work = await directoryWith({})
    const { run } = pipelineOn(place, work)
    const extrasOf = (keys: Iterable<string>) => Promise.all([...keys].map((key) => place.extras(key)))
    const sample = [...moved].filter((_, n) => n % 100 === 0 || n >= 2500)
    const olds = sample.map(([, old]) => old)
    const extras = await extrasOf(olds)

    await place.write(HEARTBEAT, '{"hostname":"pi-1"}')
    const refused = await run('all')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toMatch(/pi-1 is alive: staging\/status\/pi-1\.json was written \d+ s ago/)
    await place.remove(HEARTBEAT)
    expect((await run('preflight')).stderr).toContain('neither a proven backup nor versioning')
    expect(await place.contents()).toEqual(digestsOf(before))

    const first = await run('all --heuristic')
    expect(first.code, first.stderr).toBe(1)
    expect(await place.contents()).toEqual(digestsOf(after))
    expect(await extrasOf(sample.map(([to]) => to))).toEqual(extras)
    const plan = recordsOf({ stdout: await readFile(join(work, 'plan.ndjson'), 'utf8') })
    expect(plan.map(({ key }) => key).sort()).toEqual(
      Object.keys(before)
        .filter((key) => key.startsWith(INDEX))
        .sort(),
    )
    expect(new Set(plan.map(({ domainSource }) => domainSource))).toEqual(new Set(['body', 'heuristic', undefined]))
    expect(plan.some((record) => 'value' in record)).toBe(false)

    const second = await run('all --heuristic')
    expect(second.stderr).not.toMatch(/(?:copy|delete)-apply: .* done/)
    expect(await place.contents()).toEqual(digestsOf(after))

    expect((await run('undo')).stdout).toContain('restore first')
    expect((await run('restore')).code).toBe(0)
    expect((await run('undo')).code).toBe(0)
    expect(await place.contents()).toEqual(digestsOf(before))
    expect(await extrasOf(olds)).toEqual(extras)
  }, 240_000)
})
