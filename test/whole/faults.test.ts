/**
 * Whatever part of the writes is refused for a while, refused for good, made without an answer or neither made nor
 * answered: every key ends in one outcome, the stores agree with it, and nothing is overwritten.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redisDatabase } from '../redis-database.ts'
import { recordsOf, runTool } from '../run-tool.ts'
import type { Contents, Site } from '../sites.ts'
import { directorySite, redisSite, s3Site } from '../sites.ts'

const KEYS = 200
const PRESENT = 20

const SOURCES: Contents = Object.fromEntries(Array.from({ length: KEYS }, (_, n) => [`old/${n}`, `value ${n}`]))
const STRANGERS: Contents = Object.fromEntries(
  Array.from({ length: PRESENT }, (_, n) => [`new/${n * 7}`, `stranger ${n}`]),
)

describe.each([
  ['files', () => directorySite()],
  ['Redis', () => redisSite(redisDatabase('faults'))],
  ['S3', () => s3Site()],
])('%s', (_, open) => {
  let site: Site
  beforeAll(async () => {
    site = await open()
  })
  afterAll(() => site.close())

  test.each([
    ['writes that pass later', 'seed=1,busy=0.1', ['done', 'skipped']],
    ['answers that are lost', 'seed=2,lose=0.3', ['done', 'skipped']],
    ['writes that are dropped without an answer', 'seed=3,drop=0.1', ['done', 'skipped']],
    ['writes that are refused', 'seed=4,refuse=0.3', ['done', 'failed', 'skipped']],
    ['all of it', 'seed=5,busy=0.05,refuse=0.1,lose=0.3,drop=0.05', ['done', 'failed', 'skipped']],
    ['more than the retries bear', 'seed=6,busy=0.5,drop=0.4', ['done', 'failed', 'skipped', 'unknown']],
  ])('%s', async (_name, faults, outcomes) => {
    await site.plant({ ...SOURCES, ...STRANGERS })
    const run = await runTool('copy-apply', {
      args: ['--concurrency', '64'],
      stdin: await plan(site),
      env: { ...site.env, REKEY_FAULTS: faults },
    })
    const records = recordsOf(run)
    expect(records.map(({ key }) => key).toSorted()).toEqual(Object.keys(SOURCES).toSorted())
    expect([...new Set(records.map(({ outcome }) => outcome))].toSorted()).toEqual(outcomes)

    const after = await site.snapshot()
    expect(after).toMatchObject({ ...SOURCES, ...STRANGERS })
    for (const { key, to, outcome } of records) {
      if (outcome === 'done') expect([to, after[to]]).toEqual([to, SOURCES[key]])
      if (outcome === 'skipped') expect([to, after[to]]).toEqual([to, STRANGERS[to]])
      if (outcome === 'failed' || outcome === 'unknown') expect([to, after[to]]).toEqual([to, undefined])
    }
    expect(run.code).toBe(outcomes.includes('failed') ? 1 : 0)
  })

  test('what failed and what is unknown is done by a retry without faults', async () => {
    await site.plant({ ...SOURCES, ...STRANGERS })
    const first = await runTool('copy-apply', {
      stdin: await plan(site),
      env: { ...site.env, REKEY_FAULTS: 'seed=7,refuse=0.3,drop=0.6' },
    })
    expect(first.code).toBe(1)
    const second = await runTool('copy-apply', { args: ['--retry'], stdin: first.stdout, env: site.env })
    expect(second.code).toBe(0)
    expect(recordsOf(second).filter(({ outcome }) => outcome === 'done').length).toBe(KEYS - PRESENT)
    expect(second.stdout).not.toContain('"error"')
  })

  test('deletes meet the same faults and lose nothing', async () => {
    await site.plant(SOURCES)
    const copied = await runTool('copy-apply', { stdin: await plan(site), env: site.env })
    const proven = await runTool('verify', { stdin: copied.stdout, env: site.env })
    const env = { ...site.env, REKEY_FAULTS: 'seed=8,busy=0.2,refuse=0.1,lose=0.2,drop=0.2' }
    const deleted = await runTool('delete-apply', { stdin: proven.stdout, env })
    const after = await site.snapshot()
    for (const { key, to, outcome } of recordsOf(deleted)) {
      expect([key, after[key]]).toEqual([key, outcome === 'failed' || outcome === 'unknown' ? SOURCES[key] : undefined])
      expect(after[to]).toBe(SOURCES[key])
    }
    expect(recordsOf(deleted).length).toBe(KEYS)
  })
})

async function plan(site: Site): Promise<string> {
  const listed = await runTool('list-keys', { args: [site.location, '--match', 'old/*'], env: site.env })
  return (await runTool('rewrite-keys', { args: ['--sub', 's/^old/new/'], stdin: listed.stdout })).stdout
}
