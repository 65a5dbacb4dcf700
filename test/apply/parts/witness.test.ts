/** Witnesses of parts, given to the tools that work on keys: what a user sees who takes them for the journal. */
import { expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import { partOf } from './plant.ts'

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
