import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { TOOLS } from '../../src/cli/tools.ts'
import { runShell, runTool } from '../run-tool.ts'

const tools = Object.keys(TOOLS)

test('every tool has a command in bin, and every command its tool', () => {
  expect(Object.keys(manifest.bin).sort()).toEqual([...tools, 'rekey'].sort())
})

describe.each(tools)('%s', (tool) => {
  test.each(['--help', '-h'])('%s goes to stdout: what it is, examples first, then each flag', async (flag) => {
    const run = await runTool(tool, { args: ['--nonsense', flag], records: false })
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const declared = await TOOLS[tool]?.()
    const places = ['\nExamples\n', '\nFlags\n', '\nCommon flags\n', '\nHolds in memory: ', '\nOn failure: '].map(
      (part) => run.stdout.indexOf(part),
    )
    expect(run.stdout.startsWith(`${tool}: ${declared?.summary}\n`)).toBe(true)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places[0]).toBeGreaterThan(0)
    for (const { command } of declared?.examples ?? []) expect(run.stdout).toContain(`\n  ${command}\n`)
    for (const name of Object.keys(declared?.flags ?? {})) expect(run.stdout).toContain(`--${name}`)
    for (const name of ['--help', '--version', '--quiet', '--progress', '--log', '--fail-fast', '--max-errors']) {
      expect(run.stdout).toContain(name)
    }
  })

  test('the examples use flags that there are', async () => {
    const { stdout } = await runTool(tool, { args: ['--help'], records: false })
    const declared = await TOOLS[tool]?.()
    for (const { command } of declared?.examples ?? []) {
      for (const [flag] of command.matchAll(/--[a-z-]+/g)) expect(stdout).toMatch(new RegExp(`^ .*${flag}\\b`, 'm'))
    }
  })

  test('is no wider than 110 columns', async () => {
    const { stdout } = await runTool(tool, { args: ['--help'], records: false })
    expect(stdout.split('\n').filter((line) => line.length > 110)).toEqual([])
  })

  test('--version', async () => {
    const run = await runTool(tool, { args: ['--version'], records: false })
    expect(run).toMatchObject({ code: 0, stderr: '', stdout: `${tool} ${manifest.version}\n` })
  })
})

test('rekey --help names every tool', async () => {
  const run = await runTool('rekey', { args: ['--help'], records: false })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  for (const tool of tools) expect(run.stdout).toMatch(new RegExp(`^  ${tool} `, 'm'))
})

test('rekey --version and rekey TOOL --version', async () => {
  const runs = [
    await runTool('rekey', { args: ['--version'], records: false }),
    await runTool('rekey', { args: ['verify', '--version'], records: false }),
  ]
  expect(runs.map(({ stdout }) => stdout)).toEqual([`rekey ${manifest.version}\n`, `verify ${manifest.version}\n`])
})

test('-h among other letters', async () => {
  const run = await runTool('list-keys', { args: ['-qh'], records: false })
  expect(run).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Examples') })
})

test('a reader that has seen enough of the help is no error', async () => {
  expect(await runShell('set -o pipefail; verify --help | true; echo $?')).toMatchObject({ stdout: '0\n', stderr: '' })
})
