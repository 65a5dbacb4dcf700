/** Copies that failed, or got no answer: they stay so until --retry takes them up, and undo takes back what they have made. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
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

test('undo takes back a copy of which nobody has told whether it was made', async () => {
  const place = await directory(before)
  const work = await directoryWith({})
  const { run } = pipelineOn(place, work)
  await run('plan --heuristic')
  expect((await run('copy')).code).toBe(0)
  const journal = await readFile(join(work, 'run.ndjson'), 'utf8')
  const error = { code: 'E_UNANSWERED', message: 'no answer came', retryable: false }
  const [first = '', ...others] = journal.split('\n').sort((one) => (one.includes('"done"') ? -1 : 1))
  const unknown = JSON.stringify({ ...JSON.parse(first), outcome: 'unknown', error })
  await writeFile(join(work, 'run.ndjson'), [unknown, ...others.filter((line) => line !== ''), ''].join('\n'))
  const undone = await run('undo')
  expect(undone.code, undone.stdout + undone.stderr).toBe(0)
  expect(await place.contents()).toEqual(digestsOf(before))
})
