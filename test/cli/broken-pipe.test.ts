/** `| head -1`: who only reads ends quietly, who writes says that outcomes are lost. The input here never ends. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { ToolRun } from '../run-tool.ts'
import { runShell } from '../run-tool.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
await mkdir(`${directory}/keys`)
await Promise.all(Array.from({ length: 3000 }, (_, at) => writeFile(`${directory}/keys/${at}-${'x'.repeat(60)}`, '')))

const ENDLESS = `yes '{"key":"a","outcome":"skipped","reason":"exists"}'`
const COUNTS = /^[a-z-]+: [\d,]+ records? in [\d.]+ s: [^\n]*\n$/

describe('list, transform and verify end with 0 and nothing but their counts', () => {
  test.each([
    'list-keys keys',
    `${ENDLESS} | rewrite-keys --sub s/a/b/`,
    `${ENDLESS} | verify`,
    `${ENDLESS} | rekey verify`,
    `${ENDLESS} | rewrite-keys -q --sub s/a/b/ | verify -q | verify`,
  ])('%s', async (command) => {
    const run = await intoHead(command)
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^[^\n]+\n$/) })
    expect(run.stderr).toMatch(COUNTS)
  })
})

describe('copy-apply and delete-apply end with 3 and say how to go on', () => {
  test.each([`${ENDLESS} | copy-apply`, `${ENDLESS} | delete-apply`])('%s', async (command) => {
    const run = await intoHead(command)
    expect(run.exitCode).toBe(3)
    expect(run.stderr).toMatch(
      /: the output was closed; the outcomes of [\d,]+ records or more are not written\. To go on: \w/,
    )
    expect(run.stderr).not.toContain('    at ')
  })
})

/** Runs the pipeline into `head -1`, with the exit code of its last tool. */
async function intoHead(command: string): Promise<ToolRun & { readonly exitCode: number }> {
  const run = await runShell(`{ ${command}; echo $? > code; } | head -1`, { cwd: directory })
  return { ...run, exitCode: Number(await readFile(`${directory}/code`, 'utf8')) }
}
