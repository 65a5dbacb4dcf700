/** What a COMMAND prints beside its outcomes, and spaces of names that are no DIDs. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { plant } from './tables.ts'

const FILES = '--customers-file migration-state/instance-1-customers-staging.json'
const JOURNAL = 'instance-1-staging/run.ndjson'

test('what a command prints that is no outcome is shown, and journal, progress and retry are none the worse', async () => {
  const world = await plant({ 'did:mailto:example.com:alice': { 'did:key:z6MkA': 3 } })
  for (const command of ['table', 'distribute --instances 1']) expect((await world.run(command)).code).toBe(0)
  const talking = join(world.directory, 'talking')
  writeFileSync(
    talking,
    `#!/bin/sh\necho 'npm WARN hello'\nseq 20\nhead -n 2 | jq -c .outcome='"done"'\nprintf '{"torn'\n`,
  )
  chmodSync(talking, 0o755)
  const migrated = await world.run(`migrate ${FILES} -- ${talking}`)
  expect(migrated).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Uploads: 2 settled, 1 to do\n {2}2 done\n$/),
  })
  expect(migrated.stderr).toMatch(/left out: npm WARN hello\n(?:.*left out: \d\n){9}uploads: … and 12 more/)
  expect(world.records(JOURNAL)).toHaveLength(2)
  expect((await world.run(`retry ${FILES} -- jq -c .outcome="done"`)).code).toBe(0)
  expect((await world.run(`prove ${FILES}`)).code).toBe(0)
  expect(await world.run('monitor')).toMatchObject({ code: 0, stdout: expect.stringContaining('3 of 3') })
}, 120_000)

test('spaces of any name', async () => {
  const spaces = { '-x': 1, ' a b ': 1, 'two\nlines': 2, '*': 1, 'back\\slash': 1, 'quo"te': 1 }
  const world = await plant({ 'did:mailto:example.com:alice': spaces })
  expect((await world.run('distribute --instances 1')).code).toBe(0)
  expect(world.file('instance-1-customers-staging.json')).toMatchObject({ estimatedSpaces: 6, estimatedUploads: 7 })
  expect((await world.run(`plan ${FILES} --to ${world.tables.to}`)).stdout).toBe('The plan: 7 uploads of 6 spaces\n')
}, 120_000)
