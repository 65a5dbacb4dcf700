/** The first signal stops the intake and lets what is in flight finish and be printed; the second ends at once. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { recordsOf, startTool, toEnd } from '../run-tool.ts'
import { standstill } from './processes.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
const SETTLED = '{"key":"a","outcome":"skipped","reason":"exists"}\n'

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, code) => {
  test(`ends the run with ${code}, though the input goes on`, async () => {
    const child = startTool('verify')
    const ended = toEnd(child)
    child.stdin?.write(SETTLED)
    await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
    child.kill(signal)
    const run = await ended
    expect(run).toMatchObject({ code, signal: null, stdout: SETTLED })
    expect(run.stderr).toContain(`verify: ${signal}: finishing what is in flight; once more ends at once\n`)
    expect(run.stderr).toMatch(new RegExp(`verify: stopped by ${signal}\\. To go on: `))
    expect(run.stderr).toMatch(/verify: 1 record in [\d.]+ s: 1 skipped/)
  })
})

test('a line that the signal cuts is no failure: it was never read', async () => {
  const child = startTool('verify')
  const ended = toEnd(child)
  child.stdin?.write(`${SETTLED}{"key":"b","outc`)
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 130, stdout: SETTLED })
})

test('what copy-apply has in flight is finished and printed, and nothing else is written', async () => {
  await mkdir(`${directory}/from`)
  const keys = Array.from({ length: 2000 }, (_, at) => `key-${at}`)
  await Promise.all(keys.map((key) => writeFile(`${directory}/from/${key}`, key)))
  const records = keys.map((key) => ({
    store: `file:${directory}/from/`,
    key,
    to: key,
    toStore: `file:${directory}/to/`,
  }))
  const child = startTool('copy-apply', { args: ['--concurrency', '4', '--rate', '100'] })
  const ended = toEnd(child)
  child.stdin?.write(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  await once(child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
  child.kill('SIGINT')
  const run = await ended
  expect(run).toMatchObject({ code: 130, signal: null })
  const done = recordsOf(run).filter(({ outcome }) => outcome === 'done')
  expect(recordsOf(run)).toHaveLength(done.length)
  expect(done.length).toBeGreaterThan(0)
  expect(done.length).toBeLessThan(keys.length)
  expect((await readdir(`${directory}/to`)).sort()).toEqual(done.map(({ to }) => to).sort())
})

test('a second signal ends at once a run that cannot finish because nobody reads', async () => {
  const child = startTool('verify')
  const closed = once(child, 'exit')
  const { stdin, stderr } = child
  stdin?.write(SETTLED.repeat(100_000))
  await standstill([child.pid ?? 0])
  child.kill('SIGINT')
  const [said] = await once(stderr as NonNullable<ChildProcess['stderr']>, 'data')
  expect(String(said)).toContain('once more ends at once')
  child.kill('SIGINT')
  expect(await closed).toEqual([null, 'SIGINT'])
})
