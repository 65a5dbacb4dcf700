/** Witnesses of parts, given to the tools that work on keys: what a user sees who takes them for the journal. */
import { rm, utimes, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import { manifestOf, partOf } from './plant.ts'

test('they are no journal: verify, delete-apply and copy-apply refuse them, and name the journal', async () => {
  const directory = await directoryWith({ 'src/k1-1': 'x' })
  const part = await directoryWith({ 'part-0001.ndjson': partOf(1, 1, `file:${directory}/src/`) })
  const { stdout } = await runTool('run-parts', { args: [part, '--', 'copy-apply', '--quiet'] })
  for (const tool of ['verify', 'delete-apply', 'copy-apply'] as const) {
    const run = await runTool(tool, { stdin: stdout })
    expect(run.code).toBe(1)
    expect(recordsOf(run)).toMatchObject([
      { outcome: 'failed', error: { code: 'E_FIELD', message: expect.stringContaining('part-0001.journal.ndjson') } },
    ])
  }
})

test('a record that says done and has fields of the same names, but a new key, is one of a key', async () => {
  const record = { store: 'file:/nowhere/', key: 'a', to: 'b', part: 'p', worker: 'w', token: 1, counts: {} }
  const stdin = `${JSON.stringify({ ...record, outcome: 'done', deleted: 'source' })}\n`
  const run = await runTool('delete-apply', { stdin })
  expect(run).toMatchObject({ code: 0, stdout: stdin })
})

test.each([
  ['with a manifest', true],
  ['without one', false],
])(
  'a directory that another plan has used: its witnesses are not taken for those of this one, %s',
  async (_, hasOne) => {
    const directory = await directoryWith({ 'part-0001.ndjson': partOf(1, 2), 'part-0002.ndjson': partOf(2, 2) })
    const args = [directory, '--', 'sed', 's/}$/,"outcome":"done"}/']
    expect((await runTool('run-parts', { args })).code).toBe(0)
    expect((await runTool('run-parts', { args })).code).toBe(0)
    const part = `${directory}/part-0001.ndjson`
    await rm(part)
    await writeFile(part, partOf(3, 2))
    const later = new Date(Date.now() + 5_000)
    await utimes(part, later, later)
    const contents = { 'part-0001': partOf(3, 2), 'part-0002': partOf(2, 2) }
    if (hasOne) await writeFile(`${directory}/manifest.json`, manifestOf(contents))
    const run = await runTool('run-parts', { args })
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain('not done, though it looks so: part-0001;')
    expect(run.stderr).toContain('of 2 parts: 1 done, 0 set aside, 0 left, 1 with the witness of another content')
  },
)
