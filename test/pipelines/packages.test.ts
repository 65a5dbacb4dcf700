/** Who installs the package gets what its pipelines import: nothing of it is there for development alone. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../run-tool.ts'

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

test('there are such programs', () => expect(programs.length).toBeGreaterThan(3))
