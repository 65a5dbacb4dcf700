/** What is wrong with a command line is said in one line that names the flag, with exit code 2 and nothing on stdout. */
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { runTool } from '../run-tool.ts'
import { scratchDirectory } from './scratch-directory.ts'

const directory = await scratchDirectory()
await mkdir(`${directory}/folder`)
await writeFile(`${directory}/plan.ndjson`, '{"key":"a"}\n')

describe('a command that cannot be run ends with 2 and says why', () => {
  test.each<[string, string]>([
    ['list-keys --lmit 3 .', 'there is no flag --lmit; did you mean --limit?'],
    ['list-keys --lmit=3 .', 'there is no flag --lmit; did you mean --limit?'],
    ['list-keys --LIMIT 3 .', 'there is no flag --LIMIT; did you mean --limit?'],
    ['list-keys --no-lmit .', 'there is no flag --no-lmit; did you mean --limit?'],
    ['list-keys --frobnicate .', 'there is no flag --frobnicate'],
    ['list-keys -z .', 'there is no flag -z'],
    ['list-keys -qz .', 'there is no flag -z'],
    ['copy-apply --dryrun', 'there is no flag --dryrun; did you mean --dry-run?'],
    ['copy-apply --if-exist skip', 'there is no flag --if-exist; did you mean --if-exists?'],
    ['copy-apply --dry-run=yes', '--dry-run takes no value; "yes" was given'],
    ['list-keys --limit 3 --limit 4 .', '--limit is given twice: it takes one value'],
    ['list-keys --limit', '--limit needs a value; one that begins with a dash goes behind an equals sign: --limit=-x'],
    [
      'list-keys --after -x .',
      '--after needs a value; one that begins with a dash goes behind an equals sign: --after=-x',
    ],
    ['list-keys --limit -5 .', '--limit takes a whole number, 0 or more; "-5" is not one'],
    ['list-keys --limit 3.5 .', '--limit takes a whole number, 0 or more; "3.5" is not one'],
    ['list-keys --limit many .', '--limit takes a whole number, 0 or more; "many" is not one'],
    ['list-keys --limit= .', '--limit takes a whole number, 0 or more; "" is not one'],
    [
      'list-keys --limit 99999999999999999999 .',
      '--limit takes a whole number, 0 or more; "99999999999999999999" is not one',
    ],
    ['list-keys --max-errors 0 .', '--max-errors takes a whole number, 1 or more; "0" is not one'],
    ['copy-apply --resume=', '--resume takes a FILE, and what was given is empty'],
    ['copy-apply --intents=', '--intents takes a FILE, and what was given is empty'],
    ['shard-keys --parts 2 --out=', '--out takes a LOCATION, and what was given is empty'],
    ['list-keys s3://bucket/ --profile=', '--profile takes a NAME, and what was given is empty'],
    ['list-keys s3://bucket/ --endpoint=', '--endpoint takes a URL, and what was given is empty'],
    ['delete-apply --undo --side dest', '--undo takes back deletions of originals: it does not go with --side dest'],
    ['list-keys --log xml .', '--log takes one of text, json; "xml" is not one'],
    ['list-keys --no-match .', 'there is no flag --no-match: --match takes a value'],
    [
      'copy-apply --if-exists maybe',
      '--if-exists takes one of skip, fail, newest, overwrite, merge; "maybe" is not one',
    ],
    ['verify missing.ndjson', 'cannot read missing.ndjson: there is no such file'],
    ['verify folder', 'cannot read folder: it is a directory, records come from files'],
    ['verify plan.ndjson missing.ndjson', 'cannot read missing.ndjson: there is no such file'],
    ['list-keys', 'LOCATION is missing: '],
  ])('%s', async (command, message) => {
    const [tool = '', ...args] = command.split(' ')
    const run = await runTool(tool, { args, cwd: directory })
    expect(run).toMatchObject({ code: 2, stdout: '', signal: null })
    expect(run.stderr).toContain(`${tool}: E_USAGE: ${message}`)
    expect(run.stderr).toMatch(/^[^\n]*; --help shows the flags, with examples\n$/)
  })

  test('as a line of JSON with --log json', async () => {
    for (const args of [
      ['--log', 'json', '--lmit', '3'],
      ['--log=json', '--lmit', '3'],
    ]) {
      const run = await runTool('list-keys', { args })
      expect(JSON.parse(run.stderr)).toMatchObject({
        level: 'error',
        tool: 'list-keys',
        code: 'E_USAGE',
        message: expect.stringContaining('--lmit'),
      })
    }
  })
})

describe('what looks like a flag and is none', () => {
  test('behind -- it is a word', async () => {
    await mkdir(`${directory}/--limit`)
    await writeFile(`${directory}/--limit/a`, '')
    const run = await runTool('list-keys', { args: ['--', '--limit'], cwd: directory })
    expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining('"key":"a"') })
  })
})

describe('rekey', () => {
  test.each<[string[], string]>([
    [['verfy'], 'rekey: there is no tool "verfy"; did you mean verify?\n'],
    [['toString'], 'rekey: there is no tool "toString"; the tools are list-keys, '],
    [['completion', 'fish'], 'rekey: there is no completion for "fish"; there is one for bash and one for zsh\n'],
    [[], 'rekey TOOL [FLAG...]: runs a tool'],
  ])('%j ends with 2', async (args, message) => {
    const run = await runTool('rekey', { args })
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toContain(message)
  })

  test('TOOL is the tool', async () => {
    const stdin = '{"key":"a","outcome":"skipped","reason":"exists"}\nx\n'
    const [itself, named] = [await runTool('verify', { stdin }), await runTool('rekey', { args: ['verify'], stdin })]
    expect({ ...named, stderr: '' }).toEqual({ ...itself, stderr: '' })
    expect(named.stderr).toMatch(/^verify: 2 records/)
    const wrong = await runTool('rekey', { args: ['verify', '--sampel', '3%'] })
    expect(wrong.stderr).toContain('verify: E_USAGE: there is no flag --sampel; did you mean --sample?')
  })
})
