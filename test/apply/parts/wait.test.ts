/** run-parts that is started before shard-keys has ended. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { directoryWith, filesIn } from '../../directory.ts'
import { recordsOf, runTool, startTool, toEnd } from '../../run-tool.ts'
import { manifestOf, partName, partOf } from './plant.ts'

const contents = Object.fromEntries([1, 2].map((nth) => [partName(nth), partOf(nth, 2)]))

test('with --wait it begins when the manifest is there, also where there is no directory yet', async () => {
  const directory = await directoryWith({})
  const waiting = startTool('run-parts', { args: [`${directory}/parts`, '--wait', '1h', '--', 'cat'] })
  const ended = toEnd(waiting)
  // What it says when it has looked and found nothing.
  await once(waiting.stderr as NodeJS.ReadableStream, 'data')
  const plan = Object.values(contents).join('')
  const split = await runTool('shard-keys', { args: ['--parts', '2', '--out', `${directory}/parts`], stdin: plan })
  expect(split.code).toBe(0)
  const run = await ended
  expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^run-parts: waiting for manifest\.json/) })
  expect(recordsOf(run).map(({ counts }) => counts.in)).toEqual([2, 2])
})

test('parts without their manifest are not begun under --wait; nothing is made, exit code 2', async () => {
  const directory = await directoryWith({ 'part-0001.ndjson': contents['part-0001'] as string })
  const run = await runTool('run-parts', { args: [directory, '--wait', '200ms', '--', 'cat'] })
  expect(run).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/manifest\.json was not there after/),
  })
  expect(Object.keys(await filesIn(directory))).toEqual(['part-0001.ndjson'])
})

test('without --wait it does what is there and says that there is no manifest; one that comes meanwhile counts', async () => {
  const directory = await directoryWith({ 'part-0001.ndjson': contents['part-0001'] as string })
  const first = await runTool('run-parts', { args: [directory, '--', 'cat'] })
  expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('there is no manifest.json') })

  // The second part and the manifest come while a part is worked on.
  await writeFile(`${directory}/part-0003.ndjson`, partOf(3, 2))
  await writeFile(`${directory}/later.part`, contents['part-0002'] as string)
  await writeFile(
    `${directory}/later.manifest`,
    manifestOf({ ...contents, 'part-0003': partOf(3, 2), 'part-0004': '' }),
  )
  const command = 'cp "$0/later.part" "$0/part-0002.ndjson"; cp "$0/later.manifest" "$0/manifest.json"; cat'
  const second = await runTool('run-parts', { args: [directory, '--', 'sh', '-c', command, directory] })
  expect(recordsOf(second).map(({ part }) => part)).toEqual(['part-0003', 'part-0002'])
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('not there: part-0004') })
  expect(second.stderr).not.toContain('there is no manifest')
})
