/**
 * A whole migration of 2,500 dashed keys and every trap, on a directory: killed twenty times at seeded moments, it ends
 * as the README's table says, a second run changes nothing, and restore and undo bring back what was there.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test, vi } from 'vitest'
import { directoryWith, filesIn } from '../../directory.ts'
import type { ToolRun } from '../../run-tool.ts'
import { ROOT, recordsOf, runCommand } from '../../run-tool.ts'
import { seeded } from '../redis-jobs/seeded.ts'

const RUN = join(ROOT, 'pipelines/domain-index/run')
const INDEX = 'indexes/domains/'
const KILLS = 20
const random = seeded(Number(process.env.SEED ?? 20261125))

vi.setConfig({ testTimeout: 240_000 })

/** By name below the index: the body, and the name under which it ends; none where it stays. */
const TRAPS: Readonly<Record<string, readonly [body: string, to?: string]>> = {
  'EXAMPLE-com.json': [bodyOf('EXAMPLE.com'), 'example.com.json'],
  'my-site-co-uk.json': [bodyOf('my.site.co.uk'), 'my.site.co.uk.json'],
  'münchen-de.json': [bodyOf('münchen.de'), 'münchen.de.json'],
  'alone-com/search.json': [bodyOf('alone.com'), 'alone.com.json'],
  'acme-tools-com.json': ['{"domain":null}', 'acme-tools.com.json'],
  // it.com is a public suffix as well as com
  'guess-it-com.json': ['{"domain":null}'],
  'twin-com.json': [bodyOf('twin.com')],
  'twin-com/search.json': [bodyOf('twin.com')],
  'newer-com.json': [bodyOf('newer.com')],
  'newer.com.json': ['{"domain":"newer.com","newer":true}'],
  'xn--mnchen-3ya-de.json': [bodyOf('xn--mnchen-3ya.de')],
  'other-com.json': [bodyOf('another.com')],
  'bad-com.json': ['{"domain":'],
  'example-co-uk.json': ['{}'],
  'datapackage.json': ['{}'],
  LATEST: ['indexes/domains/manifests/1.usv'],
  'shards/a3.usv': ['example.com\x1fx\n'],
  'inbox/a3/example.com.usv': ['example.com\x1fx\n'],
  'manifests/a-b.json': ['{"domain":"a.b"}'],
}
const NEIGHBOURS = { 'indexes/emails/a-b.json': bodyOf('a.b'), 'status/pi-1.json': '{"hostname":"pi-1"}' }

const before: Record<string, string> = { ...NEIGHBOURS }
const after: Record<string, string> = { ...NEIGHBOURS }
let bucket: string
let work: string

beforeAll(async () => {
  for (let n = 0; n < 2500; n++) {
    before[`${INDEX}site-${n}-com.json`] = bodyOf(`site-${n}.com`)
    after[`${INDEX}site-${n}.com.json`] = bodyOf(`site-${n}.com`)
  }
  for (const [name, [body, to]] of Object.entries(TRAPS)) {
    before[INDEX + name] = body
    after[INDEX + (to ?? name)] = body
  }
  bucket = await directoryWith(before)
  work = await directoryWith({})
})

test('a writer that lives is named, and nothing is begun', async () => {
  const refused = await run('all')
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('pi-1 is alive: status/pi-1.json') })
  const hourAgo = new Date(Date.now() - 3_600_000)
  await utimes(join(bucket, 'status/pi-1.json'), hourAgo, hourAgo)
  expect((await run('delete')).stderr).toContain('neither a proven backup nor versioning')
  expect((await run('preflight --force backup')).code).toBe(0)
})

test('killed twenty times, it ends as it should, and a second run does nothing', async () => {
  for (let kill = 0; kill < KILLS; kill++) await killedRun(kill % 2 === 0)
  expect((await run('all')).code).toBe(1)
  expect(await filesIn(bucket)).toEqual(after)
  const plan = await runCommand('cat', { args: [join(work, 'run.ndjson')] })
  const sources = new Set(recordsOf(plan).map(({ domainSource }) => domainSource))
  expect(sources).toEqual(new Set(['body', 'heuristic']))
  expect((await run('all')).stderr).not.toMatch(/(?:copy|delete)-apply: .* done/)
  expect(await filesIn(bucket)).toEqual(after)
})

test('restore and undo bring back what was there', async () => {
  expect((await run('undo')).stdout).toContain('restore first')
  expect((await run('restore')).code).toBe(0)
  expect((await run('undo')).code).toBe(0)
  expect(await filesIn(bucket)).toEqual(before)
})

function bodyOf(domain: string): string {
  return JSON.stringify({ domain, company_name: null, scraper_version: 6 })
}

function argsOf(command: string): string[] {
  return [...command.split(' '), '--location', bucket, '--work', work, '--heuristic']
}

function run(command: string): Promise<ToolRun> {
  return runCommand(RUN, { args: argsOf(command) })
}

/** Either a tool dies between a write and its answer, or the script and its tools are killed at any moment. */
async function killedRun(byFault: boolean): Promise<void> {
  const env = { ...process.env, ...(byFault ? { REKEY_FAULTS: `die=${50 + Math.floor(random() * 900)}` } : {}) }
  const child = spawn(RUN, argsOf('all'), { env, detached: true, stdio: 'ignore' })
  const ended = once(child, 'exit')
  if (!byFault) {
    await Promise.race([ended, sleep(200 + random() * 2500)])
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  await ended
}
