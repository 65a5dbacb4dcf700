/** Every shell example of the pages runs, and prints what the page shows. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ROOT } from '../run-tool.ts'
import { prepare } from './prepared.ts'
import { shellBlocks } from './shell-blocks.ts'

const PAGES = [
  'README.md',
  ...['docs/operating.md'].filter((path) => existsSync(ROOT + path)),
  ...pagesIn('docs/tools/'),
]

/** A page whose examples are the steps of one story says so: each goes on in what the one before has left. */
const ONE_STORY = '<!-- one story -->'

const prepared = await prepare()

describe.each(PAGES)('%s', (path) => {
  const page = readFileSync(ROOT + path, 'utf8')
  const blocks = shellBlocks(page)
  const isStory = page.includes(ONE_STORY)
  const scripts = blocks.flatMap(({ line, prepare, scripts }) => scripts.map((steps) => ({ line, prepare, steps })))
  const named = scripts.map(
    (script) => [`line ${script.line}: ${titleOf(script.steps[0]?.command ?? '')}`, script] as const,
  )

  test('there are examples', () => expect(scripts.length).toBeGreaterThan(0))

  test.each(named)('%s', async (_name, script) => {
    if (!isStory || script === scripts[0]) await prepared.reset()
    const before = await prepared.run(`set -e; ${script.prepare || ':'}`)
    expect(before, before.output.slice(-2000)).toMatchObject({ code: 0 })
    for (const { command, output } of script.steps) {
      const ran = await prepared.run(`set -o pipefail; ${output === undefined ? 'set -e; ' : ''}${command}`)
      if (output === undefined) expect(ran, ran.output.slice(-2000)).toMatchObject({ code: 0 })
      else expect(masked(withCode(ran))).toBe(masked(output))
    }
  })
})

function pagesIn(directory: string): string[] {
  const names = existsSync(ROOT + directory) ? readdirSync(ROOT + directory).sort() : []
  return names.filter((name) => name.endsWith('.md')).map((name) => directory + name)
}

function titleOf(command: string): string {
  return command.split('\n').find((line) => !line.startsWith('#')) ?? command
}

function withCode({ output, code }: { readonly output: string; readonly code: number | null }): string {
  return code === 0 ? output : `${output}[exit code ${code}]\n`
}

/** Without what differs from run to run: how long it took, and when. */
function masked(output: string): string {
  return output
    .replaceAll(/in \d+\.\d s/g, 'in T s')
    .replaceAll(/"ms":\d+/g, '"ms":0')
    .replaceAll(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
}
