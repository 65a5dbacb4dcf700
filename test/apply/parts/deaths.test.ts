/** A part that ends its workers each time is set aside like one whose command fails: the rest goes on. */
import { readFile, rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { filesIn } from '../../directory.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import { ageLease, plantParts } from './plant.ts'

test('a part that kills its workers is set aside after --attempts, and is tried anew when that is taken back', async () => {
  const { parts, directory } = await plantParts(3, 2)
  const tries = `${directory}/tries`
  const command = 'if [ "$REKEY_PART" = part-0002 ]; then echo $REKEY_ATTEMPT >> "$0"; kill -9 $PPID; exit; fi; cat'
  const args = [parts, '--attempts', '2', '--', 'sh', '-c', command, tries]
  const runs = [await runTool('run-parts', { args })]
  while (runs.at(-1)?.signal === 'SIGKILL') {
    await ageLease(parts, 'part-0002')
    runs.push(await runTool('run-parts', { args }))
  }
  expect(await readFile(tries, 'utf8')).toBe('1\n2\n')
  expect(runs).toHaveLength(3)

  const last = runs.at(-1)
  expect(last).toMatchObject({ code: 1, stderr: expect.stringContaining('2 done, 1 set aside, 0 left') })
  expect(last?.stderr).toMatch(/part-0002: worker \S+ on \S+ died or lost the lease .*\(2 of 2 attempts\)/)
  const aside = JSON.parse(await readFile(`${parts}/part-0002.failed.json`, 'utf8'))
  expect(aside).toMatchObject({ part: 'part-0002', token: 3, attempts: 2, error: { code: 'E_COMMAND' } })
  expect(aside.error.message).toContain('died or lost the lease')
  expect(recordsOf({ stdout: last?.stdout ?? '' })).toContainEqual(aside)

  await rm(`${parts}/part-0002.failed.json`)
  const anew = await runTool('run-parts', { args })
  expect(anew.signal).toBe('SIGKILL')
  await ageLease(parts, 'part-0002')
  const mended = await runTool('run-parts', { args: [parts, '--', 'cat'] })
  expect(recordsOf(mended)).toMatchObject([{ part: 'part-0002', outcome: 'done', attempts: 1 }])
  expect(mended.stderr).toContain('(1 of 3 attempts)')
  const done = Object.keys(await filesIn(parts)).filter((name) => name.endsWith('.done.json'))
  expect(done).toHaveLength(3)
})
