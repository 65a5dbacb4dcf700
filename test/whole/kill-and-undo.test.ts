/**
 * For any keys, any unknown fields and any moments at which copy-apply is killed: resumed runs account for every key
 * once, verify proves the copies, and undo brings the store back to where it was.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { directoryWith } from '../directory.ts'
import { redisDatabase } from '../redis-database.ts'
import type { ToolRun } from '../run-tool.ts'
import { recordsOf, runShell, runTool } from '../run-tool.ts'
import type { Contents, Site } from '../sites.ts'
import { directorySite, dynamoDbSite, redisSite, s3Site } from '../sites.ts'

const RUNS = 6

describe.each([
  ['files', () => directorySite()],
  ['Redis', () => redisSite(redisDatabase('kill and undo'))],
  ['S3', () => s3Site()],
  ['DynamoDB', () => dynamoDbSite()],
])('%s', (_, open) => {
  let site: Site
  let work: string
  beforeAll(async () => {
    site = await open()
    work = await directoryWith({})
  })
  afterAll(() => site.close())

  test('kill, resume, verify, undo', { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(scenario(), async (given) => {
        const before = { ...given.contents, ...existing(given) }
        await site.plant(before)
        const plan = await planWith(site, given.unknown)
        await Promise.all([writeFile(join(work, 'plan'), plan.text), writeFile(join(work, 'run'), '')])
        await rm(join(work, 'begun'), { force: true })

        for (const die of given.deaths) await copy(site, work, `die=${die}`)
        expect((await copy(site, work, undefined)).code).toBe(0)

        const journal = await readFile(join(work, 'run'), 'utf8')
        expectEachOnce(journal, plan.keys, given)
        const proven = await runTool('verify', { stdin: journal, env: site.env })
        expectVerdicts(proven, given)
        const args = ['--side', 'dest']
        const undone = await runTool('delete-apply', { args, stdin: proven.stdout, env: site.env })
        expect(undone.code, undone.stderr).toBe(Object.values(given.present).includes('other') ? 1 : 0)
        expect(await site.snapshot()).toEqual(before)
      }),
      { numRuns: RUNS, seed: 7, endOnFailure: true },
    )
  })
})

interface Scenario {
  readonly contents: Contents
  /** destinations that are there before, by the key that wants them, and whether they hold the same */
  readonly present: Readonly<Record<string, 'same' | 'other'>>
  readonly unknown: string
  /** after how many writes each of the first runs is killed */
  readonly deaths: readonly number[]
}

function scenario(): fc.Arbitrary<Scenario> {
  const name = fc.stringMatching(/^[a-z0-9 "'ä\\*:{}-]{1,12}$/).map((text) => `old/${text}`)
  return fc.uniqueArray(name, { minLength: 30, maxLength: 60 }).chain((names) =>
    fc.record({
      contents: fc
        .array(fc.string({ maxLength: 20 }), { minLength: names.length, maxLength: names.length })
        .map((texts) => Object.fromEntries(names.map((one, at) => [one, texts[at] ?? '']))),
      present: fc.dictionary(fc.constantFrom(...names), fc.constantFrom('same' as const, 'other' as const), {
        maxKeys: 6,
      }),
      unknown: fc.json().map((value) => `"x" : ${value},"n":12345678901234567890, "f":1.0`),
      deaths: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 3 }),
    }),
  )
}

const moved = (key: string) => key.replace(/^old/, 'new')

function existing({ contents, present }: Scenario): Contents {
  const entries = Object.entries(present)
  return Object.fromEntries(
    entries.map(([key, kind]) => [moved(key), kind === 'same' ? (contents[key] ?? '') : `not ${contents[key]}`]),
  )
}

async function planWith(site: Site, unknown: string): Promise<{ text: string; keys: string[] }> {
  const listed = await runTool('list-keys', { args: [site.location, '--match', 'old/*'], env: site.env })
  const withFields = listed.stdout.replaceAll(/^\{/gm, `{${unknown},`)
  const run = await runTool('rewrite-keys', { args: ['--sub', 's/^old/new/', '--prove'], stdin: withFields })
  expect(run.code, run.stderr).toBe(0)
  return { text: run.stdout, keys: recordsOf(run).map((record) => record.key) }
}

function copy(site: Site, work: string, faults: string | undefined): Promise<ToolRun> {
  const command = 'copy-apply --concurrency 8 --intents begun --resume run < plan >> run'
  return runShell(command, { cwd: work, env: { ...site.env, REKEY_FAULTS: faults } })
}

function expectEachOnce(journal: string, keys: readonly string[], { present, unknown }: Scenario): void {
  const lines = journal.split('\n').filter((line) => line !== '')
  expect(lines.every((line) => line.startsWith(`{${unknown},`))).toBe(true)
  const outcomes = new Map(lines.map((line) => JSON.parse(line)).map((record) => [record.key, record]))
  expect(lines.length).toBe(keys.length)
  expect([...outcomes.keys()].toSorted()).toEqual(keys.toSorted())
  for (const [key, { outcome, reason }] of outcomes) {
    expect([key, outcome, reason]).toEqual(key in present ? [key, 'skipped', 'exists'] : [key, 'done', undefined])
  }
}

function expectVerdicts(proven: ToolRun, { present }: Scenario): void {
  for (const { key, verified } of recordsOf(proven)) expect([key, verified]).toEqual([key, present[key] !== 'other'])
}
