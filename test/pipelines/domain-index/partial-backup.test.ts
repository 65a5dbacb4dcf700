/** A backup that lacks a key which no directory holds: it is told which, stays once originals are deleted, and is put back. */
import { expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { domainIndex, INDEX, pipelineOn } from './index.ts'
import { bucket, digestsOf } from './places.ts'

const { before, after, moved } = domainIndex(3)
const AWKWARD = `${INDEX}inbox//x.usv`

test('what is proven of it brings the originals back, tags and all', async () => {
  const place = await bucket({ ...before, [AWKWARD]: 'x' })
  const { run } = pipelineOn(place, await directoryWith({}))
  const extras = () => Promise.all([...moved.values()].map((key) => place.extras(key)))
  const planted = await extras()

  const backup = await run('backup')
  expect(backup.code).toBe(1)
  expect(backup.stderr).toMatch(/not whole.*\n {2}indexes\/domains\/inbox\/\/x\.usv: .*empty component/)
  for (const message of [/not whole/, /Originals have been deleted.* stays as it is/]) {
    const all = await run('all --heuristic --no-backup')
    expect(all.code).toBe(1)
    expect(all.stderr).toMatch(message)
    expect(await place.contents()).toEqual(digestsOf({ ...after, [AWKWARD]: 'x' }))
  }
  const restored = await run('restore')
  expect(restored.code).toBe(1)
  expect(restored.stderr).toContain('what is proven of it is put back')
  expect((await run('undo')).code).toBe(0)
  expect(await place.contents()).toEqual(digestsOf({ ...before, [AWKWARD]: 'x' }))
  expect(await extras()).toEqual(planted)
})
