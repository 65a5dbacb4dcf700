/** A disk that is full under stdout: E_FULL and exit code 3, also when it took a part of the last write. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runShell } from '../run-tool.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
const SETTLED = '{"key":"a","outcome":"skipped","reason":"exists"}\n'

test.each(['verify', 'copy-apply', 'delete-apply', 'rewrite-keys --sub s/a/b/'])('%s > /dev/full', async (command) => {
  const run = await runShell(`${command} > /dev/full`, { stdin: SETTLED })
  expect(run).toMatchObject({ code: 3, stdout: '' })
  expect(run.stderr).toMatch(/^[a-z-]+: E_FULL: cannot write the output: ENOSPC/)
  expect(run.stderr).not.toContain('    at ')
})

test('list-keys > /dev/full', async () => {
  const run = await runShell('touch a; list-keys . > /dev/full', { cwd: directory })
  expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('list-keys: E_FULL: cannot write the output') })
})

test('a file that takes only a part of the last write', async () => {
  const stdin = SETTLED.repeat(Math.ceil((120 * 1024) / SETTLED.length))
  const run = await runShell('ulimit -f 100; verify > out.ndjson', { stdin, cwd: directory })
  expect((await stat(`${directory}/out.ndjson`)).size).toBe(100 * 1024)
  expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('verify: E_FULL: cannot write the output') })
})

/** A plan that copies as many small files. */
async function plantPlan(directory: string, count: number): Promise<void> {
  await mkdir(`${directory}/data`, { recursive: true })
  for (let at = 0; at < count; at += 1) await writeFile(`${directory}/data/${at}`, `${at}`)
  const { code } = await runShell('list-keys data | rewrite-keys --to-store copied > plan.ndjson', { cwd: directory })
  expect(code).toBe(0)
}

test('a journal that is full: what is in flight is finished and counted', async () => {
  await plantPlan(directory, 1000)
  const run = await runShell('ulimit -f 40; copy-apply < plan.ndjson > run.ndjson', { cwd: directory })
  expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('copy-apply: E_FULL: cannot write the output') })
  const copied = (await readdir(`${directory}/copied`)).length
  expect(run.stderr).toContain(`: ${copied} done`)
  expect(run.stderr).toMatch(/the outcomes of [1-9]\d* records or more are not written/)
})

test('a file of intents that is full is named, and nothing more is written', async () => {
  await plantPlan(directory, 1000)
  const command = 'ulimit -f 8; rm -rf copied; copy-apply --intents begun.ndjson < plan.ndjson | cat'
  const run = await runShell(`set -o pipefail; ${command}`, { cwd: directory })
  expect(run.code).toBe(3)
  expect(run.stderr).toContain('copy-apply: E_FULL: cannot write begun.ndjson: EFBIG')
  const begun = await readFile(`${directory}/begun.ndjson`, 'utf8')
  for (const key of await readdir(`${directory}/copied`).catch(() => [])) expect(begun).toContain(`"key":"${key}"`)
})
