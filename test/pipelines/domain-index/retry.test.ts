/** Copies that failed stay failed when the run is made again, and are made by --retry. */
import { expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { domainIndex, pipelineOn } from './index.ts'
import { digestsOf, directory } from './places.ts'

const { before, after } = domainIndex(20)

test('what failed is told, and taken up again by --retry', async () => {
  const place = await directory(before)
  const work = await directoryWith({})
  const faulty = pipelineOn({ ...place, env: { REKEY_FAULTS: 'seed=3,refuse=0.5' } }, work)
  const { run } = pipelineOn(place, work)
  expect((await run('plan --heuristic')).code).toBe(1)
  const failed = await faulty.run('copy')
  expect(failed.code).toBe(1)
  expect(failed.stdout).toMatch(/\d+ failed: E_DENIED\n(?:.*\n)* {2}indexes\/domains\/\S+: .*\n(?:.*\n)*.*--retry/)
  const again = await run('copy')
  expect(again.code).toBe(1)
  expect(again.stderr).toMatch(/copy-apply: \d+ records in .* s: \d+ settled before\n/)
  const retried = await run('all --heuristic --no-backup --retry')
  expect(retried.stdout).not.toContain('E_DENIED')
  expect(await place.contents()).toEqual(digestsOf(after))
  const refused = await run('undo --retry')
  expect(refused.code).toBe(2)
  expect(refused.stderr).toContain('--retry is for copy and all, not for undo')
})
