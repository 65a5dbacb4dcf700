/**
 * Whatever happens between the tools and an S3 server: every key ends in one outcome, the bucket agrees with it, nothing
 * is overwritten, nothing is deleted that has not been copied, and what was not settled is settled by a retry.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordsOf, runTool } from '../run-tool.ts'
import type { Fault, FaultProxy } from '../servers/fault-proxy.ts'
import { slowDown, startFaultProxy } from '../servers/fault-proxy.ts'
import { s3Environment, s3Server } from '../servers/s3.ts'
import type { Contents, Site } from '../sites.ts'
import { s3Site } from '../sites.ts'

const KEYS = 120
const ALWAYS = Number.POSITIVE_INFINITY

const SOURCES: Contents = Object.fromEntries(Array.from({ length: KEYS }, (_, n) => [`old/${n}`, `value ${n}`]))
const STRANGERS: Contents = Object.fromEntries([3, 50, 99].map((n) => [`new/${n}`, `stranger ${n}`]))
const COPIES: Contents = {
  ...Object.fromEntries(Object.entries(SOURCES).map(([key, content]) => [moved(key), content])),
  ...STRANGERS,
}

const writes = { path: /\/new\//, method: 'PUT', times: ALWAYS }
const anything = { times: ALWAYS }

describe('whatever happens on the way', () => {
  let site: Site
  let proxy: FaultProxy
  let env: Record<string, string>
  beforeAll(async () => {
    const server = await s3Server()
    site = await s3Site()
    proxy = await startFaultProxy(server.endpoint)
    env = s3Environment({ ...server, endpoint: proxy.endpoint })
  })
  afterAll(() => proxy.stop())

  test.each<[string, readonly Fault[]]>([
    [
      'a server that has had enough at first, and now and then',
      [
        { does: 'answer', ...slowDown, times: 2 },
        { does: 'answer', ...slowDown, ...anything, every: 6 },
      ],
    ],
    ['answers to writes that are lost', [{ does: 'lose', ...writes, every: 4 }]],
    ['connections that are gone before a request', [{ does: 'drop', ...anything, every: 7 }]],
    [
      'replies that end or are reset half way',
      [
        { does: 'reset', atByte: 100, ...anything, every: 7 },
        { does: 'cut', atByte: 260, ...anything, every: 5 },
      ],
    ],
    [
      'connections that close, as they say or not',
      [
        { does: 'close', ...anything, every: 2 },
        { does: 'die', ...anything, every: 3 },
      ],
    ],
    [
      'all of it',
      [
        { does: 'wait', ms: 5, ...anything, every: 3 },
        { does: 'answer', ...slowDown, ...anything, every: 11 },
        { does: 'lose', ...writes, every: 9 },
        { does: 'drop', ...anything, every: 13 },
        { does: 'cut', atByte: 60, ...anything, every: 17 },
        { does: 'die', ...anything, every: 7 },
      ],
    ],
  ])('%s', async (_, faults) => {
    await site.plant({ ...SOURCES, ...STRANGERS })
    proxy.clear()
    proxy.inject(...faults)

    const listed = await runTool('list-keys', { args: [`${site.location}/old/`], env })
    expect(listed.code, listed.stderr).toBe(0)
    const plan = await runTool('rewrite-keys', { args: ['--sub', 's/^old/new/'], stdin: listed.stdout })
    const copied = await runTool('copy-apply', { args: ['--retries', '8'], stdin: plan.stdout, env })
    expect(copied.code, copied.stderr).toBeLessThan(2)
    expectAgreement(recordsOf(copied), await site.snapshot())

    const settled = await runTool('copy-apply', { args: ['--retry', '--retries', '8'], stdin: copied.stdout, env })
    expect(await site.snapshot()).toEqual({ ...SOURCES, ...COPIES })
    const proven = await runTool('verify', { stdin: settled.stdout, env })
    const deleted = await runTool('delete-apply', { args: ['--retries', '8'], stdin: proven.stdout, env })

    expect(proven.code, proven.stderr).toBe(1)
    const kept = Object.fromEntries(
      recordsOf(proven).flatMap(({ key, verified }) => (verified ? [] : [[key, SOURCES[key]]])),
    )
    expect(Object.keys(kept).toSorted()).toEqual(Object.keys(STRANGERS).map(original).toSorted())
    const left = recordsOf(deleted).filter(({ outcome }) => outcome === 'failed' || outcome === 'unknown')
    for (const { key } of left) kept[key] = SOURCES[key]
    expect(await site.snapshot()).toEqual({ ...kept, ...COPIES })
    expect(proxy.requests.some((request) => request.faults.length > 0)).toBe(true)
  })
})

/** Each key is there once, and its outcome is what the bucket shows. */
function expectAgreement(records: readonly { key: string; to: string; outcome: string }[], after: Contents): void {
  expect(records.map(({ key }) => key).toSorted()).toEqual(Object.keys(SOURCES).toSorted())
  for (const { key, to, outcome } of records) {
    if (outcome === 'done') expect([to, after[to]]).toEqual([to, SOURCES[key]])
    if (outcome === 'skipped') expect([to, after[to]]).toEqual([to, STRANGERS[to]])
    if (outcome === 'failed') expect([to, after[to]]).toEqual([to, undefined])
  }
  expect(after).toMatchObject({ ...SOURCES, ...STRANGERS })
}

function moved(key: string): string {
  return key.replace(/^old/, 'new')
}

function original(key: string): string {
  return key.replace(/^new/, 'old')
}
