/** Completion in the shells themselves: the script is sourced, and the shell is asked what it would offer. */
import { describe, expect, test } from 'vitest'
import { TOOLS } from '../../src/cli/tools.ts'
import type { ToolInput } from '../run-tool.ts'
import { runCommand, runTool } from '../run-tool.ts'

/** What bash offers behind these words, the last of them being typed. */
async function offered(words: readonly string[], env: ToolInput['env'] = {}): Promise<string[]> {
  const script = `
    source <(rekey completion bash)
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    $(complete -p "\${COMP_WORDS[0]}" | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')
    printf '%s\\n' "\${COMPREPLY[@]}"`
  const run = await runCommand('bash', { args: ['-c', script, 'bash', ...words], env })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  return run.stdout.split('\n').filter((word) => word !== '')
}

describe('bash', () => {
  test.each<[string[], string[]]>([
    [['copy-apply', '--dry'], ['--dry-run']],
    [
      ['copy-apply', '--if-exists', ''],
      ['skip', 'fail', 'newest', 'overwrite', 'merge'],
    ],
    [['copy-apply', '--if-exists', 'm'], ['merge']],
    [
      ['verify', '--log', ''],
      ['text', 'json'],
    ],
    [['rekey', 'ver'], ['verify']],
    [
      ['rekey', 'c'],
      ['copy-apply', 'completion'],
    ],
    [['rekey', 'verify', '--only'], ['--only-bad']],
    [['rekey', 'copy-apply', '--if-exists', 'n'], ['newest']],
    [['copy-apply', '--if-exists', '=', 'n'], ['newest']],
    // as zsh has it
    [['copy-apply', '--if-exists=n'], ['--if-exists=newest']],
    [
      ['rekey', 'verify', '--log', '='],
      ['text', 'json'],
    ],
    [
      ['rekey', 'completion', ''],
      ['bash', 'zsh'],
    ],
    [['rekey', 'nonsense', '--'], []],
    [['verify', '--zzz'], []],
  ])('%j offers %j', async (words, expected) => expect(await offered(words)).toEqual(expected))

  test('every tool, with each of its flags', async () => {
    expect(await offered(['rekey', ''])).toEqual([...Object.keys(TOOLS), 'completion'])
    for (const [name, load] of Object.entries(TOOLS)) {
      const flags = Object.keys((await load()).flags).map((flag) => `--${flag}`)
      expect(await offered([name, '--'])).toEqual(expect.arrayContaining([...flags, '--help', '--quiet']))
    }
  })

  test('a bash that is run from a zsh offers the same', async () => {
    expect(await offered(['copy-apply', '--dry'], { SHELL: '/bin/zsh' })).toEqual(['--dry-run'])
  })
})

test('zsh has its own loading of bash completion in front of the same script', async () => {
  const [bash, zsh] = [
    await runTool('rekey', { args: ['completion', 'bash'], records: false }),
    await runTool('rekey', { args: ['completion', 'zsh'], records: false }),
  ]
  expect(zsh.stdout.endsWith(bash.stdout)).toBe(true)
  expect(zsh.stdout).toContain('bashcompinit')
})
