/**
 * Each tool behind a server that misbehaves while this tool works, and the others in peace: no key is lost, none doubled,
 * none overwritten or deleted without proof, and what got no answer is settled.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ToolRun } from '../run-tool.ts'
import { recordsOf, runTool } from '../run-tool.ts'
import type { Fault, FaultProxy } from '../servers/fault-proxy.ts'
import { s3Error, slowDown, startFaultProxy } from '../servers/fault-proxy.ts'
import { s3Environment, s3Server } from '../servers/s3.ts'
import type { Contents, Site } from '../sites.ts'
import { s3Site } from '../sites.ts'

const KEYS = 60
const ALWAYS = Number.POSITIVE_INFINITY
const numbered = (prefix: string, content: string): Contents =>
  Object.fromEntries(Array.from({ length: KEYS }, (_, n) => [`${prefix}/${n}`, `${content} ${n}`]))
const SOURCES = numbered('old', 'value')
/** They were there before, and are not what the originals are, though as long. */
const STRANGERS: Contents = Object.fromEntries([3, 50].map((n) => [`new/${n}`, `other ${n}`]))
const COPIES: Contents = { ...numbered('new', 'value'), ...STRANGERS }
const isStranger = (key: string) => key.replace('old', 'new') in STRANGERS

/** A bucket behind a proxy of its own. */
class Stage {
  static async set(contents: Contents): Promise<Stage> {
    const server = await s3Server()
    const [site, proxy] = await Promise.all([s3Site(), startFaultProxy(server.endpoint)])
    await site.plant(contents)
    return new Stage(site, proxy, s3Environment({ ...server, endpoint: proxy.endpoint }))
  }

  readonly site: Site
  readonly proxy: FaultProxy
  readonly env: Record<string, string>
  private constructor(site: Site, proxy: FaultProxy, env: Record<string, string>) {
    this.site = site
    this.proxy = proxy
    this.env = env
  }

  /** Runs a tool under these faults, each of which must have struck. */
  async run(tool: string, faults: readonly Fault[], stdin = '', args: readonly string[] = []): Promise<ToolRun> {
    this.proxy.clear()
    this.proxy.inject(...faults)
    const run = await runTool(tool, { args, stdin, env: this.env })
    const struck = new Set(this.proxy.requests.flatMap((request) => request.faults))
    expect(struck).toEqual(new Set(faults.map(({ does }) => does)))
    this.proxy.clear()
    return run
  }

  async listed(faults: readonly Fault[] = []): Promise<ToolRun> {
    return await this.run('list-keys', faults, '', [`${this.site.location}/old/`])
  }

  async planned(): Promise<string> {
    const { stdout } = await this.listed()
    return (await runTool('rewrite-keys', { args: ['--sub', 's/^old/new/'], stdin: stdout })).stdout
  }

  async copied(): Promise<string> {
    return (await this.run('copy-apply', [], await this.planned())).stdout
  }
}

const keysOf = (run: { readonly stdout: string }) => recordsOf(run).map(({ key }) => key)

function expectListed(run: ToolRun): void {
  expect(run.code, run.stderr).toBe(0)
  expect(keysOf(run)).toEqual(Object.keys(SOURCES).toSorted())
}

/** Copied what could be, and left alone what was there. */
async function expectCopied(run: ToolRun, { site }: Stage): Promise<void> {
  expect(run.code, run.stderr).toBe(0)
  expect(keysOf(run).toSorted()).toEqual(Object.keys(SOURCES).toSorted())
  for (const { key, outcome } of recordsOf(run))
    expect([key, outcome]).toEqual([key, isStranger(key) ? 'skipped' : 'done'])
  expect(await site.snapshot()).toEqual({ ...SOURCES, ...COPIES })
}

async function expectVerified(run: ToolRun, { site }: Stage): Promise<void> {
  expect(run.code, run.stderr).toBe(1)
  expect(keysOf(run).toSorted()).toEqual(Object.keys(SOURCES).toSorted())
  for (const { key, verified, differs } of recordsOf(run)) {
    const expected = isStranger(key) ? [false, ['content']] : [true, undefined]
    expect([key, verified, differs]).toEqual([key, ...expected])
  }
  expect(await site.snapshot()).toEqual({ ...SOURCES, ...COPIES })
}

/** Deleted just what was proven. */
async function expectDeleted(run: ToolRun, { site }: Stage): Promise<void> {
  expect(run.code, run.stderr).toBe(1)
  expect(keysOf(run).toSorted()).toEqual(Object.keys(SOURCES).toSorted())
  for (const { key, outcome, deleted } of recordsOf(run))
    expect([key, outcome, deleted]).toEqual([key, ...(isStranger(key) ? ['skipped', undefined] : ['done', 'source'])])
  const kept = Object.fromEntries(Object.entries(SOURCES).filter(([key]) => isStranger(key)))
  expect(await site.snapshot()).toEqual({ ...kept, ...COPIES })
}

let stage: Stage
afterAll(() => stage.proxy.stop())

const page = { method: 'GET', path: /list-type=2/ }
const look = { path: /list-type=2|\/(old|new)\/\d+$/ }
/** Of the copies, and of the deletions, the probe's being the first. */
const write = { method: 'PUT', path: /\/new\/\d+$/ }
const removal = { method: 'POST', path: /\?delete/, skip: 1 }
const insideOf200 = { ...s3Error(200, 'InternalError') }

describe('list-keys', () => {
  beforeAll(async () => {
    stage = await Stage.set(SOURCES)
  })

  test.each<[string, readonly Fault[]]>([
    ['503 three times', [{ does: 'answer', ...slowDown, ...page, times: 3 }]],
    ['a page is reset in its head', [{ does: 'reset', atByte: 60, ...page, skip: 1 }]],
    ['a page is cut behind a few keys', [{ does: 'cut', atByte: 3000, ...page, skip: 1 }]],
    ['a page is reset just before its end', [{ does: 'reset', atByte: 9000, ...page, skip: 1 }]],
    ['an error inside a 200', [{ does: 'answer', ...insideOf200, ...page, skip: 1, times: 2 }]],
    ['no request gets through at first', [{ does: 'drop', times: 2 }]],
    ['a slow server', [{ does: 'wait', ms: 300, times: ALWAYS }]],
  ])('%s', async (_, faults) => expectListed(await stage.listed(faults)))
})

describe('copy-apply', () => {
  test.each<[string, readonly Fault[]]>([
    ['503 three times', [{ does: 'answer', ...slowDown, ...write, times: 3 }]],
    ['an answer is lost behind the write', [{ does: 'lose', ...write, every: 3, times: ALWAYS }]],
    ['an answer is reset at its first byte', [{ does: 'reset', atByte: 0, ...write, every: 5, times: ALWAYS }]],
    ['an answer is cut within its body', [{ does: 'cut', atByte: 300, ...write, every: 4, times: ALWAYS }]],
    ['an error inside a 200', [{ does: 'answer', ...insideOf200, ...write, every: 10, times: 3 }]],
    ['a slow server', [{ does: 'wait', ms: 50, times: ALWAYS }]],
  ])('%s', async (_, faults) => {
    await stage.site.plant({ ...SOURCES, ...STRANGERS })
    await expectCopied(await stage.run('copy-apply', faults, await stage.planned()), stage)
  })
})

describe('verify', () => {
  let copied: string
  beforeAll(async () => {
    await stage.site.plant({ ...SOURCES, ...STRANGERS })
    copied = await stage.copied()
  })

  test.each<[string, readonly Fault[], readonly string[]]>([
    ['503 three times', [{ does: 'answer', ...slowDown, ...look, times: 3 }], []],
    ['looks are reset in their head', [{ does: 'reset', atByte: 60, ...look, skip: 1, every: 2, times: 2 }], []],
    ['looks are cut behind a few keys', [{ does: 'cut', atByte: 3000, ...look, skip: 1, times: 2 }], []],
    ['an error inside a 200', [{ does: 'answer', ...insideOf200, ...page, skip: 1, times: 2 }], []],
    ['no look gets through at first', [{ does: 'drop', ...look, times: 2 }], []],
    [
      'contents are cut',
      [{ does: 'cut', atByte: 280, method: 'GET', path: /\d$/, every: 7, times: ALWAYS }],
      ['--proof', 'bytes'],
    ],
    [
      'contents are refused',
      [{ does: 'answer', ...slowDown, method: 'GET', path: /\d$/, every: 7, times: ALWAYS }],
      ['--proof', 'bytes'],
    ],
    ['a slow server', [{ does: 'wait', ms: 100, times: ALWAYS }], []],
  ])('%s', async (_, faults, args) => expectVerified(await stage.run('verify', faults, copied, args), stage))
})

describe('delete-apply', () => {
  test.each<[string, readonly Fault[]]>([
    ['503 three times', [{ does: 'answer', ...slowDown, ...removal, times: 3 }]],
    ['an answer is lost behind the deletion', [{ does: 'lose', ...removal }]],
    ['an answer is reset at its first byte', [{ does: 'reset', atByte: 0, ...removal }]],
    ['an answer is cut behind a few keys', [{ does: 'cut', atByte: 700, ...removal }]],
    ['a removal does not get through', [{ does: 'drop', ...removal }]],
    ['an error inside a 200', [{ does: 'answer', ...insideOf200, ...removal, times: 2 }]],
    ['looks are cut', [{ does: 'cut', atByte: 3000, ...look, skip: 1, times: 2 }]],
    ['a slow server', [{ does: 'wait', ms: 100, times: ALWAYS }]],
  ])('%s', async (_, faults) => {
    await stage.site.plant({ ...SOURCES, ...STRANGERS })
    const { stdout } = await stage.run('verify', [], await stage.copied())
    await expectDeleted(await stage.run('delete-apply', faults, stdout), stage)
  })
})

test('no answer at all is waited for until the time is out, and then settled', { timeout: 240_000 }, async () => {
  const stages = await Promise.all([SOURCES, ...Array(3).fill({ ...SOURCES, ...STRANGERS })].map(Stage.set))
  const [list, copy, verify, remove] = stages as [Stage, Stage, Stage, Stage]
  try {
    const plan = await copy.planned()
    const copied = await verify.copied()
    const proven = await remove.run('verify', [], await remove.copied())
    const hang = { does: 'hang' } as const
    await Promise.all([
      list.listed([{ ...hang, ...page, skip: 1 }]).then(expectListed),
      copy.run('copy-apply', [{ ...hang, ...write, times: 3 }], plan).then((run) => expectCopied(run, copy)),
      verify
        .run('verify', [{ ...hang, ...look, skip: 1, times: 2 }], copied)
        .then((run) => expectVerified(run, verify)),
      remove.run('delete-apply', [{ ...hang, ...removal }], proven.stdout).then((run) => expectDeleted(run, remove)),
    ])
  } finally {
    for (const { proxy } of stages) await proxy.stop()
  }
})
