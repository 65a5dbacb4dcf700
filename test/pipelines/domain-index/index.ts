/** A domain index with every trap of the README's table, what is to become of it, and the pipeline run on it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ToolRun } from '../../run-tool.ts'
import { ROOT, runCommand } from '../../run-tool.ts'
import type { Place } from './places.ts'

export const INDEX = 'indexes/domains/'
export const RUN = join(ROOT, 'pipelines/domain-index/run')

/** By name below the index: the body, and the name under which it ends; none where it stays. */
const TRAPS: Readonly<Record<string, readonly [body: string, to?: string]>> = {
  'EXAMPLE-com.json': [bodyOf('EXAMPLE.com'), 'example.com.json'],
  // my.site.co.uk once had this key as well, and was overwritten
  'my-site-co-uk.json': [bodyOf('my-site.co.uk'), 'my-site.co.uk.json'],
  'our-site-co-uk.json': [bodyOf('our.site.co.uk'), 'our.site.co.uk.json'],
  'münchen-de.json': [bodyOf('münchen.de'), 'münchen.de.json'],
  'alone-com/search.json': [bodyOf('alone.com'), 'alone.com.json'],
  'acme-tools-com.json': ['{"domain":null}', 'acme-tools.com.json'],
  'same-com.json': [bodyOf('same.com'), 'same.com.json'],
  'same.com.json': [bodyOf('same.com')],
  // it.com is a public suffix as well as com
  'guess-it-com.json': ['{"domain":null}'],
  'example-co-uk.json': ['{}'],
  'twin-com.json': [bodyOf('twin.com')],
  'twin-com/search.json': [bodyOf('twin.com')],
  'newer-com.json': [bodyOf('newer.com')],
  'newer.com.json': ['{"domain":"newer.com","newer":true}'],
  'xn--mnchen-3ya-de.json': [bodyOf('xn--mnchen-3ya.de')],
  'other-com.json': [bodyOf('another.com')],
  'bad-com.json': ['{"domain":'],
  'datapackage.json': ['{}'],
  LATEST: ['indexes/domains/manifests/1.usv'],
  'shards/a3.usv': ['example.com\x1fx\n'],
  'inbox/a3/example.com.usv': ['example.com\x1fx\n'],
  'manifests/a-b.json': ['{"domain":"a.b"}'],
}
const NEIGHBOURS = { 'indexes/emails/a-b.json': bodyOf('a.b'), 'indexes/domains-old/a-b.json': bodyOf('a.b') }

export interface Expected {
  readonly before: Record<string, string>
  readonly after: Record<string, string>
  /** new key to old */
  readonly moved: ReadonlyMap<string, string>
}

/** So many plain keys, and the traps. */
export function domainIndex(plain: number): Expected {
  const before: Record<string, string> = { ...NEIGHBOURS }
  const after: Record<string, string> = { ...NEIGHBOURS }
  const moved = new Map<string, string>()
  const put = (name: string, body: string, to = name) => {
    before[INDEX + name] = body
    after[INDEX + to] = body
    if (to !== name && !(INDEX + to in before)) moved.set(INDEX + to, INDEX + name)
  }
  for (let n = 0; n < plain; n++) put(`site-${n}-com.json`, bodyOf(`site-${n}.com`), `site-${n}.com.json`)
  for (const [name, [body, to]] of Object.entries(TRAPS)) put(name, body, to)
  moved.delete(`${INDEX}same.com.json`)
  return { before, after, moved }
}

export interface Pipeline {
  /** `dieAfter`: a tool dies after so many writes, before their answers come, and the run stops early */
  run(command: string, dieAfter?: number): Promise<ToolRun>
  /** a run that is killed with all its tools after so many milliseconds */
  killed(command: string, afterMs: number): Promise<void>
}

export function pipelineOn(place: Place, work: string): Pipeline {
  const argsOf = (command: string) => [...command.split(' '), '--work', work]
  const env = { ...place.env, LOCATION: place.location }
  return {
    run: (command, dieAfter) =>
      runCommand(RUN, {
        args: argsOf(command),
        env: dieAfter === undefined ? env : { ...env, REKEY_FAULTS: `die=${dieAfter}` },
      }),
    killed: async (command, afterMs) => {
      const child = spawn(RUN, argsOf(command), { env: { ...process.env, ...env }, detached: true, stdio: 'ignore' })
      const ended = once(child, 'exit')
      await Promise.race([ended, sleep(afterMs)])
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await ended
    },
  }
}

export function bodyOf(domain: string): string {
  return JSON.stringify({ domain, company_name: null, scraper_version: 6 })
}
