/** run-parts at the command line, one worker: what it makes of parts, of commands and of their ends. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { directoryWith, filesIn } from '../../directory.ts'
import { redisDatabase } from '../../redis-database.ts'
import { recordsOf, runTool } from '../../run-tool.ts'
import { dynamoDbEnvironment, dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import { ageLease, manifestOf, partName, partOf, plantParts } from './plant.ts'

const keysIn = (text: string) => recordsOf({ stdout: text }).map(({ key }) => key)

test('copy-apply just works: every part done, with its journal and its witness, and nothing is left to do', async () => {
  const sources = Object.fromEntries([1, 2, 3].flatMap((nth) => [1, 2].map((at) => [`src/k${nth}-${at}`, 'x'])))
  const directory = await directoryWith(sources)
  for (const nth of [1, 2, 3]) {
    await writeFile(`${directory}/${partName(nth)}.ndjson`, partOf(nth, 2, `file:${directory}/src/`))
  }
  const run = await runTool('run-parts', { args: [directory, '--', 'copy-apply', '--quiet'] })
  expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('of 3 parts: 3 done, 0 set aside, 0 left') })
  expect(run.stderr).toContain('3 parts in ')
  const witnesses = recordsOf(run)
  expect(witnesses.map(({ part }) => part).sort()).toEqual([1, 2, 3].map(partName))
  expect(witnesses[0]).toMatchObject({ outcome: 'done', token: 1, counts: { in: 2, out: 2, done: 2, missing: 0 } })
  const files = await filesIn(directory)
  expect(
    Object.keys(files)
      .filter((path) => !/^(src|leases)\//.test(path))
      .sort(),
  ).toEqual(
    [1, 2, 3]
      .flatMap((nth) => ['.done.json', '.journal.ndjson', '.ndjson'].map((ending) => partName(nth) + ending))
      .sort(),
  )
  expect(keysIn(files['part-0002.journal.ndjson'] as string).sort()).toEqual(['k2-1', 'k2-2'])
  expect(files['src/new/k3-2']).toBe('x')

  const again = await runTool('run-parts', { args: [directory, '--', 'false'] })
  expect(again).toMatchObject({ code: 0, stdout: '' })
})

test('REKEY_INTENTS: what a worker had copied when it died, and nobody told, is ours; done, no intents are left', async () => {
  const directory = await directoryWith(Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`src/k1-${at}`, 'x'])))
  await writeFile(`${directory}/part-0001.ndjson`, partOf(1, 5, `file:${directory}/src/`))
  // The first is killed when three are copied, and run-parts with it.
  const command = `
    copy='copy-apply --intents "$REKEY_INTENTS" --resume "$REKEY_JOURNAL"'
    if [ "$REKEY_ATTEMPT" = 1 ]; then eval "REKEY_FAULTS=die=3 $copy"; kill -9 $PPID; fi
    eval "exec $copy"`
  const args = [directory, '--', 'sh', '-c', command]
  expect((await runTool('run-parts', { args })).signal).toBe('SIGKILL')
  expect(Object.keys(await filesIn(directory))).toContain('part-0001.intents')
  await ageLease(directory, 'part-0001')
  const run = await runTool('run-parts', { args })
  expect(recordsOf(run)).toMatchObject([{ token: 2, counts: { in: 5, out: 5, done: 5, missing: 0 } }])
  expect(Object.keys(await filesIn(directory))).not.toContain('part-0001.intents')
})

test('a part with records that failed is done; every worker ends with 1, also one that has not done it', async () => {
  const directory = await directoryWith({ 'part-1.ndjson': 'no record\n' })
  const args = [directory, '--', 'copy-apply', '--quiet']
  const run = await runTool('run-parts', { args })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'done', counts: { in: 1, failed: 1, missing: 0 } }])
  expect(run.code).toBe(1)
  const other = await runTool('run-parts', { args })
  expect(other).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('done elsewhere') })
})

test('records that the command does not print are missing, and that is said', async () => {
  const { parts } = await plantParts(1, 3)
  const run = await runTool('run-parts', { args: [parts, '--', 'head', '-n', '1'] })
  expect(recordsOf(run)).toMatchObject([{ counts: { in: 3, out: 1, missing: 2 } }])
  expect(run.code).toBe(1)
})

test.each([
  ['twice', 'cat; tail -n 1 "$0"'],
  ['of another part', 'cat; echo \'{"key":"another","to":"one"}\''],
])('a record that the command prints, %s, is extra, and that is said', async (_, command) => {
  const { parts } = await plantParts(1, 3)
  const run = await runTool('run-parts', { args: [parts, '--', 'sh', '-c', command, `${parts}/part-0001.ndjson`] })
  expect(recordsOf(run)).toMatchObject([{ counts: { in: 3, out: 4, missing: 0, extra: 1 } }])
  expect(run.code).toBe(1)
})

test('a command that only plans does no part: exit code 2, and what it has printed settles nothing', async () => {
  const directory = await directoryWith({ 'src/k1-1': 'x' })
  await writeFile(`${directory}/part-0001.ndjson`, partOf(1, 1, `file:${directory}/src/`))
  const dry = await runTool('run-parts', { args: [directory, '--', 'copy-apply', '--dry-run'] })
  expect(dry).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('E_USAGE: part-0001: the command has'),
  })
  const run = await runTool('run-parts', { args: [directory, '--', 'copy-apply'] })
  expect(recordsOf(run)).toMatchObject([{ token: 2, counts: { in: 1, out: 1, done: 1, missing: 0 } }])
})

test('in whatever order the command prints, each record is accounted for', async () => {
  const { parts } = await plantParts(1, 3)
  const run = await runTool('run-parts', { args: [parts, '--', 'tac'] })
  expect(recordsOf(run)).toMatchObject([{ counts: { in: 3, out: 3, missing: 0 } }])
  expect(run.code).toBe(0)
})

test('one record twice in the place of another: as many lines, and it is found', async () => {
  const { parts } = await plantParts(1, 3)
  const run = await runTool('run-parts', { args: [parts, '--', 'sed', '2{h;d};3p'] })
  expect(recordsOf(run)).toMatchObject([{ counts: { in: 3, out: 3, missing: 1, extra: 1 } }])
  expect(run.code).toBe(1)
})

test('a part and a journal that are more than memory is to hold', async () => {
  const part = partOf(1, 100_000)
  const directory = await directoryWith({ 'part-0001.ndjson': part })
  const run = await runTool('run-parts', { args: [directory, '--', 'cat'] })
  expect(recordsOf(run)).toMatchObject([{ counts: { in: 100_000, out: 100_000, missing: 0 } }])
  expect(await readFile(`${directory}/part-0001.journal.ndjson`, 'utf8')).toBe(part)
})

test('two records that are alike are two', async () => {
  const line = '{"key":"a","to":"b"}\n'
  const directory = await directoryWith({ 'part-1.ndjson': line + line })
  const run = await runTool('run-parts', { args: [directory, '--', 'cat'] })
  expect(recordsOf(run)).toMatchObject([{ counts: { in: 2, out: 2, missing: 0 } }])
})

test('a part whose command fails is tried again, set aside, and the rest goes on', async () => {
  const { parts } = await plantParts(3, 2)
  const command = 'if [ "$REKEY_PART" = part-0002 ]; then echo $REKEY_ATTEMPT >> "$0"; exit 7; fi; cat'
  const tries = `${parts}/tries`
  const args = [parts, '--attempts', '2', '--', 'sh', '-c', command, tries]
  const run = await runTool('run-parts', { args })
  const aside = recordsOf(run).find(({ outcome }) => outcome === 'failed')
  expect(aside).toMatchObject({ part: 'part-0002', attempts: 2, error: { code: 'E_COMMAND' } })
  expect(aside.error.message).toContain('exit code 7')
  expect(recordsOf(run)).toHaveLength(3)
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('2 done, 1 set aside, 0 left') })
  expect(await readFile(tries, 'utf8')).toBe('1\n2\n')
  expect(JSON.parse(await readFile(`${parts}/part-0002.failed.json`, 'utf8'))).toEqual(aside)

  // Whoever has mended the cause takes the file away.
  await rm(`${parts}/part-0002.failed.json`)
  const mended = await runTool('run-parts', { args: [parts, '--', 'cat'] })
  expect(mended.code).toBe(0)
  expect(recordsOf(mended)).toMatchObject([{ part: 'part-0002', outcome: 'done' }])
  expect(mended.stdout).not.toContain('attempts')
})

test('a part that was done in the end tells how often it had failed', async () => {
  const { parts } = await plantParts(1, 2)
  const run = await runTool('run-parts', { args: [parts, '--', 'sh', '-c', '[ $REKEY_ATTEMPT = 1 ] && exit 7; cat'] })
  expect(recordsOf(run)).toMatchObject([{ outcome: 'done', attempts: 1 }])
})

test.each([
  [0, 'no-such-command | cat', /ended with exit code 0 before it printed anything.*pipefail/],
  [2, 'exit 2', /ended with exit code 2 before it printed anything.*correct it/],
  [126, 'exec "$0"', /126.*may not be executed/],
  [127, 'exec no-such-command', /127.*there is no such command/],
])(
  'a command that ends with %d cannot be run: it ends at once, with 2, and no part has failed',
  async (_, end, message) => {
    const { parts, log } = await plantParts(3, 2)
    const tries = ['--attempts', '1', '--', 'sh', '-c', `echo try >> "$0"; ${end}`, log]
    const run = await runTool('run-parts', { args: [parts, ...tries] })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) })
    expect(await readFile(log, 'utf8')).toBe('try\n')
    const after = await runTool('run-parts', { args: [parts, '--attempts', '1', '--', 'cat'] })
    expect(after).toMatchObject({ code: 0, stderr: expect.stringContaining('3 done, 0 set aside') })
    expect(after.stdout).not.toContain('attempts')
  },
)

test('a part that is not what the manifest says is set aside, and its command is not run', async () => {
  const contents = Object.fromEntries([1, 2].map((nth) => [partName(nth), partOf(nth, 2)]))
  const directory = await directoryWith({
    'part-0001.ndjson': contents['part-0001'] as string,
    'part-0002.ndjson': `${contents['part-0002']}{"key":"smuggled"}\n`,
    'manifest.json': manifestOf({ ...contents, 'part-0003': partOf(3, 1) }),
  })
  const run = await runTool('run-parts', { args: [directory, '--attempts', '1', '--', 'cat'] })
  const [one, two] = recordsOf(run).sort((a, b) => (a.part < b.part ? -1 : 1))
  expect(one).toMatchObject({ outcome: 'done' })
  expect(two).toMatchObject({ outcome: 'failed', error: { code: 'E_CHANGED' } })
  expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('not there: part-0003') })
})

test.each(['redis', 'dynamodb'])('leases in %s, named so that two plans do not meet', async (kind) => {
  const server = await dynamoDbServer()
  const env = kind === 'redis' ? {} : dynamoDbEnvironment(server)
  const lease = kind === 'redis' ? redisDatabase('run-parts') : (await freshTable(server)).location
  for (const { parts } of [await plantParts(2, 2), await plantParts(2, 2)]) {
    const run = await runTool('run-parts', { args: [parts, '--lease', lease, '--', 'cat'], env })
    expect(recordsOf(run).map(({ token }) => token)).toEqual([1, 1])
    expect(run.code).toBe(0)
  }
})

test('what looks like a part and is none, for a dot in its name, is told of', async () => {
  const directory = await directoryWith({ 'part-eu.west.ndjson': partOf(1, 1), 'part-us.ndjson': partOf(2, 1) })
  const run = () => runTool('run-parts', { args: [directory, '--', 'cat'] })
  const says = /not taken for parts: part-eu\.west\.ndjson; the name of a part has no dot/
  expect(await run()).toMatchObject({ code: 0, stderr: expect.stringMatching(says) })
  for (const name of await readdir(directory)) if (name.startsWith('part-us')) await rm(`${directory}/${name}`)
  expect(await run()).toMatchObject({ code: 2, stderr: expect.stringContaining('part-eu.west.ndjson is not taken') })
})

test('a worker that would not see the leases of the others is refused, with --lease and without it', async () => {
  const elsewhere = ['--lease', redisDatabase('run-parts')]
  for (const [first, second, says] of [
    [[], elsewhere, 'leave --lease out'],
    [elsewhere, [], 'give the same --lease'],
  ] as const) {
    const { parts } = await plantParts(1, 1)
    const start = (...args: readonly string[]) => runTool('run-parts', { args: [parts, ...args, '--', 'cat'] })
    expect((await start(...first)).code).toBe(0)
    expect(await start(...second)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(says) })
    expect((await start(...first)).code).toBe(0)
  }
})

test.each<[string, readonly string[], RegExp]>([
  ['no command', ['parts'], /the command is missing: -- COMMAND\.\.\. /],
  ['no location', ['--', 'cat'], /LOCATION is missing/],
  ['two locations', ['a', 'b', '--', 'cat'], /one LOCATION/],
  ['a store that holds no parts', ['redis://localhost', '--', 'cat'], /directory or in S3/],
  ['a term that is none', ['parts', '--term', '15x', '--', 'cat'], /--term takes a time of 1s or more.*"15x" is none/],
  ['a term that is too short', ['parts', '--stale', '10ms', '--', 'cat'], /--stale/],
  ['no attempts', ['parts', '--attempts', '0', '--', 'cat'], /--attempts/],
])('%s: exit code 2', async (_, args, message) => {
  expect(await runTool('run-parts', { args })).toMatchObject({ code: 2, stderr: expect.stringMatching(message) })
})

test.each([
  ['no directory', 'prats', 'there is no directory'],
  ['no parts in it', 'parts', 'there is no part-*.ndjson; shard-keys'],
])('%s: exit code 2, and nothing is made', async (_, name, message) => {
  const directory = await directoryWith({ 'parts/another.ndjson': '' })
  const run = await runTool('run-parts', { args: [`${directory}/${name}`, '--', 'cat'] })
  expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining(message) })
  expect(await filesIn(directory)).toEqual({ 'parts/another.ndjson': '' })
  expect(await readdir(directory)).toEqual(['parts'])
})

test('a command that is not there: exit code 2, and the lease is given back', async () => {
  const { parts } = await plantParts(1, 1)
  const run = await runTool('run-parts', { args: [parts, '--', 'no-such-command'] })
  expect(run).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('cannot run no-such-command: there is no such'),
  })
  const after = await runTool('run-parts', { args: [parts, '--', 'cat'] })
  expect(recordsOf(after)).toMatchObject([{ outcome: 'done', token: 2 }])
})

test('progress is exact after a death: the command can read what earlier holders have settled', async () => {
  const { parts, directory } = await plantParts(2, 40)
  // The first holder of the first part settles half of it, and dies when a segment has that.
  const step = `half() { head -n 20 | jq -c '.outcome = "done"'; until ls ${parts}/part-0001.journal.*.ndjson; do :; done >&2; kill -9 $$; }
    if [ $REKEY_PART$REKEY_ATTEMPT = part-00011 ]; then half; else jq -c '.outcome = "done"'; fi |
      track-progress -q --plan ${parts}/ --share $REKEY_PART --resume $REKEY_JOURNAL ${directory}/rows/`
  const run = await runTool('run-parts', { args: [parts, '--', 'bash', '-o', 'pipefail', '-c', step] })
  expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('1 of 3 attempts') })
  const [row = ''] = Object.values(await filesIn(`${directory}/rows`))
  expect(JSON.parse(row)).toMatchObject({ status: 'completed', totalUploads: 80, completedUploads: 80 })
})
