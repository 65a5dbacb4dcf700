/** Who installs the package gets what its pipelines import: nothing of it is there for development alone. */
import { readdirSync, readFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { directoryWith } from '../directory.ts'
import { ROOT, runCommand } from '../run-tool.ts'

const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

const PIPELINES = join(ROOT, 'pipelines')
const programs = readdirSync(PIPELINES, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'))

test.each(programs)('%s imports only what the package brings', (path) => {
  const imported = [
    ...readFileSync(join(PIPELINES, path), 'utf8').matchAll(/ from '((?:@[^/']+\/)?[^./'][^/':]*)(?:\/[^']*)?'/g),
  ]
  const packages = imported.map(([, name]) => name as string)
  expect(packages.filter((name) => !(name in dependencies))).toEqual([])
})

test.each([[[]], [['s3']]])('the demo, which needs more, says so where it is run from a package: %j', async (args) => {
  const directory = await directoryWith({})
  await cp(PIPELINES, join(directory, 'pipelines'), { recursive: true })
  expect(await runCommand(join(directory, 'pipelines/demo/run'), { args })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('it needs a checkout of the repository'),
  })
})

test('there are such programs', () => expect(programs.length).toBeGreaterThan(3))
