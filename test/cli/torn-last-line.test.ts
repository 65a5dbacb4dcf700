/** A killed run leaves half a line. The next one goes on from that file, and every key is accounted for once. */
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { schemaProblem } from '../record-schema.ts'
import { runShell } from '../run-tool.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
const KEYS = Array.from({ length: 40 }, (_, at) => `key-${at}`)

/** Copies half of the plan, and cuts the journal within its last line. */
beforeEach(async () => {
  for (const name of ['from', 'to', 'run.ndjson', 'more.ndjson']) {
    await rm(`${directory}/${name}`, { recursive: true, force: true })
  }
  await mkdir(`${directory}/from`)
  await Promise.all(KEYS.map((key) => writeFile(`${directory}/from/${key}`, key)))
  const plan = KEYS.map((key) => JSON.stringify({ store: 'file:./from/', key, to: key, toStore: 'file:./to/' }))
  await writeFile(`${directory}/plan.ndjson`, `${plan.join('\n')}\n`)
  await runShell('head -20 plan.ndjson | copy-apply > run.ndjson', { cwd: directory })
  const journal = await readFile(`${directory}/run.ndjson`)
  await truncate(`${directory}/run.ndjson`, journal.length - 30)
})

const linesOf = async (...names: string[]) => {
  const texts = await Promise.all(names.map((name) => readFile(`${directory}/${name}`, 'utf8')))
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
}
const keysOf = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).key).sort()

test('added to the same file: the torn line is cut off and its key done again', async () => {
  const run = await runShell('copy-apply --resume run.ndjson < plan.ndjson >> run.ndjson', { cwd: directory })
  expect(run).toMatchObject({ code: 0, stdout: '' })
  expect(run.stderr).toContain('run.ndjson ended within a line; that line is cut off and its key is done again')
  const lines = await linesOf('run.ndjson')
  expect(lines.map(schemaProblem)).not.toContainEqual(expect.any(String))
  expect(keysOf(lines)).toEqual(KEYS.toSorted())
})

test('into another file that is joined to it later: the torn line stands alone', async () => {
  const run = await runShell('copy-apply --resume run.ndjson < plan.ndjson > more.ndjson', { cwd: directory })
  expect(run.code).toBe(0)
  const lines = await linesOf('run.ndjson', 'more.ndjson')
  const whole = lines.filter((line) => schemaProblem(line) === undefined)
  expect(lines).toHaveLength(whole.length + 1)
  expect(keysOf(whole)).toEqual(KEYS.toSorted())
})

test('a journal that ends with a newline is left as it is', async () => {
  await runShell('sed -i "$ d" run.ndjson', { cwd: directory })
  const before = await readFile(`${directory}/run.ndjson`, 'utf8')
  const run = await runShell('copy-apply --resume run.ndjson < plan.ndjson >> run.ndjson', { cwd: directory })
  expect(run.stderr).not.toContain('cut off')
  expect((await readFile(`${directory}/run.ndjson`, 'utf8')).startsWith(before)).toBe(true)
  expect(keysOf(await linesOf('run.ndjson'))).toEqual(KEYS.toSorted())
})

describe('odd journals', () => {
  test('one that is torn within a line of 200 KB', async () => {
    const whole = (await linesOf('run.ndjson'))
      .slice(0, 3)
      .map((line) => `${line}\n`)
      .join('')
    await writeFile(`${directory}/run.ndjson`, `${whole}{"key":"${'x'.repeat(200_000)}`)
    const run = await runShell('copy-apply --resume run.ndjson < plan.ndjson >> run.ndjson', { cwd: directory })
    expect(run.code).toBe(0)
    expect((await readFile(`${directory}/run.ndjson`, 'utf8')).startsWith(whole)).toBe(true)
    expect(keysOf(await linesOf('run.ndjson'))).toEqual(KEYS.toSorted())
  })

  test('one that is nothing but a torn line', async () => {
    await writeFile(`${directory}/run.ndjson`, '{"key":"key-0","outco')
    const run = await runShell('copy-apply --resume run.ndjson < plan.ndjson >> run.ndjson', { cwd: directory })
    expect(run.code).toBe(0)
    expect(keysOf(await linesOf('run.ndjson'))).toEqual(KEYS.toSorted())
  })

  test('an empty one', async () => {
    await writeFile(`${directory}/run.ndjson`, '')
    const run = await runShell('copy-apply --resume run.ndjson < plan.ndjson >> run.ndjson', { cwd: directory })
    expect(run.code).toBe(0)
    expect(keysOf(await linesOf('run.ndjson'))).toEqual(KEYS.toSorted())
  })

  test('one that is not there ends with 2 before anything is done', async () => {
    const run = await runShell('copy-apply --resume none.ndjson < plan.ndjson', { cwd: directory })
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('E_USAGE: cannot read none.ndjson'),
    })
  })
})
