/** Several workers on one plan, of which some die, sleep or are told to stop: each record is settled once, by one that held it. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { filesIn } from '../../directory.ts'
import type { ToolRun } from '../../run-tool.ts'
import { recordsOf, runTool, startTool, toEnd } from '../../run-tool.ts'
import { freshBucket, runAws, s3Environment, s3Server } from '../../servers/s3.ts'
import { ageLease, manifestOf, notedIn, partName, partOf, plantParts, until } from './plant.ts'

/** Where a test has to see a lease run out. A holder that lives renews it often enough also on a machine that is busy. */
const RUNS_OUT = ['--term', '10s', '--stale', '10s']

interface Worker {
  readonly child: ChildProcess
  readonly ended: Promise<ToolRun>
}

const started: Worker[] = []
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  }
})

function startWorker(args: readonly string[], env: Readonly<Record<string, string>> = {}): Worker {
  const child = startTool('run-parts', { args, env }, { stdio: ['ignore', 'pipe', 'pipe'] })
  const worker = { child, ended: toEnd(child) }
  started.push(worker)
  return worker
}

const segmentsIn = async (parts: string) =>
  (await readdir(parts)).filter((name) => /\.journal\.\d+\.\d+\.ndjson$/.test(name))

/** Whether the process of a worker's command runs; what its stopped parent has not buried yet does not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return /\) [^Z]/.test(stat)
}

/** The living children of a worker, but for its command. */
async function watchdogsOf({ child, command }: { child: ChildProcess; command: number }): Promise<readonly number[]> {
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return children
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => pid !== command)
}

/** A worker that has settled `count` records of the only part, of which a segment tells, and waits. */
async function holderOf(plan: Awaited<ReturnType<typeof plantParts>>, count: number, args: readonly string[] = []) {
  const holder = startWorker([plan.parts, ...args, '--', ...plan.worker(count)])
  await until(async () => (await notedIn(plan.log)).length === count)
  await until(async () => (await segmentsIn(plan.parts)).length > 0)
  const pid = (await notedIn(plan.log))[0]?.pid ?? 0
  return { ...holder, command: pid }
}

async function expectWhole(parts: string, keys: number): Promise<void> {
  const journal = await readFile(`${parts}/part-0001.journal.ndjson`, 'utf8')
  const settled = recordsOf({ stdout: journal }).map(({ key }) => key)
  expect(settled.sort()).toEqual(
    recordsOf({ stdout: partOf(1, keys) })
      .map(({ key }) => key)
      .sort(),
  )
  expect(await segmentsIn(parts)).toEqual([])
}

test('killed with -9: its command ends with it, and the next goes on from what the journal holds', async () => {
  const plan = await plantParts(1, 20)
  const holder = await holderOf(plan, 5)
  holder.child.kill('SIGKILL')
  await holder.ended
  await until(async () => !(await isAlive(holder.command)))
  await writeFile(plan.gate, '')
  await ageLease(plan.parts, 'part-0001')
  const next = await runTool('run-parts', { args: [plan.parts, '--', ...plan.worker(99)] })
  expect(recordsOf(next)).toMatchObject([{ token: 2, attempts: 1, counts: { in: 20, out: 20, done: 20, missing: 0 } }])
  expect(next.stderr).toContain(`-${holder.child.pid}-`)
  const noted = await notedIn(plan.log)
  expect(noted.filter(({ token }) => token === 2)).toHaveLength(15)
  await expectWhole(plan.parts, 20)
})

test('stopped with SIGSTOP beyond its lease: its command is killed meanwhile, and awake it writes nothing more', async () => {
  const plan = await plantParts(1, 20)
  const holder = await holderOf(plan, 5, RUNS_OUT)
  holder.child.kill('SIGSTOP')
  const next = startWorker([plan.parts, ...RUNS_OUT, '--', ...plan.worker(3)])
  await until(async () => (await notedIn(plan.log)).some(({ token }) => token === 2))
  // Whoever has taken over may rely on it: the command of the sleeper is gone.
  expect(await isAlive(holder.command)).toBe(false)
  await writeFile(plan.gate, '')
  const { stdout } = await next.ended
  expect(recordsOf({ stdout })).toMatchObject([{ token: 2, outcome: 'done' }])
  const before = await filesIn(plan.parts)
  holder.child.kill('SIGCONT')
  const woken = await holder.ended
  expect(woken).toMatchObject({ code: 0, stdout: '' })
  expect(woken.stderr).toContain('the lease was lost')
  expect(await filesIn(plan.parts)).toEqual(before)
  const tokens = (await notedIn(plan.log)).map(({ token }) => token)
  expect(tokens).toEqual([...tokens].sort())
  await expectWhole(plan.parts, 20)
})

test('asleep while another holds the part, it cannot put its journal in the place of the other', async () => {
  const plan = await plantParts(1, 20)
  const holder = await holderOf(plan, 5, RUNS_OUT)
  holder.child.kill('SIGSTOP')
  const next = startWorker([plan.parts, ...RUNS_OUT, '--', ...plan.worker(3)])
  await until(async () => (await notedIn(plan.log)).filter(({ token }) => token === 2).length === 3)
  holder.child.kill('SIGCONT')
  await until(async () => (await notedIn(plan.log)).length >= 8)
  await writeFile(plan.gate, '')
  await Promise.all([next.ended, holder.ended])
  const witness = JSON.parse(await readFile(`${plan.parts}/part-0001.done.json`, 'utf8'))
  expect(witness).toMatchObject({ token: 2, counts: { in: 20, out: 20, missing: 0 } })
  expect((await notedIn(plan.log)).filter(({ token }) => token === 1)).toHaveLength(5)
  await expectWhole(plan.parts, 20)
})

test('the process that watches the command may be killed too: another takes its place', async () => {
  const plan = await plantParts(1, 20)
  const holder = await holderOf(plan, 5)
  const [first] = await watchdogsOf(holder)
  process.kill(first as number, 'SIGKILL')
  await until(async () => (await watchdogsOf(holder)).some((pid) => pid !== first))
  holder.child.kill('SIGKILL')
  await holder.ended
  await until(async () => !(await isAlive(holder.command)))
})

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s gives the lease back at once, with the journal so far',
  async (signal) => {
    const plan = await plantParts(1, 20)
    const holder = await holderOf(plan, 5)
    holder.child.kill(signal)
    const { code, stderr } = await holder.ended
    expect(code).toBe(signal === 'SIGTERM' ? 143 : 130)
    expect(stderr).toContain('run it again')
    await writeFile(plan.gate, '')
    // Terms of 15 minutes: nobody has waited for them.
    const next = await runTool('run-parts', { args: [plan.parts, '--', ...plan.worker(99)] })
    expect(recordsOf(next)).toMatchObject([{ token: 2, counts: { in: 20, out: 20, missing: 0 } }])
    expect(next.stdout).not.toContain('attempts')
    expect((await notedIn(plan.log)).filter(({ token }) => token === 2)).toHaveLength(15)
    await expectWhole(plan.parts, 20)
  },
)

test('a second signal ends everything at once, the command too', async () => {
  const plan = await plantParts(1, 20)
  const stubborn = ['sh', '-c', `trap '' TERM; echo "$REKEY_TOKEN k $$" >> "$0"; while :; do sleep 0.1; done`, plan.log]
  const holder = startWorker([plan.parts, '--', ...stubborn])
  await until(async () => (await notedIn(plan.log)).length > 0)
  const pid = (await notedIn(plan.log))[0]?.pid ?? 0
  const stderr = once(holder.child.stderr as NodeJS.ReadableStream, 'data')
  holder.child.kill('SIGTERM')
  await stderr
  holder.child.kill('SIGTERM')
  expect(await holder.ended).toMatchObject({ signal: 'SIGTERM' })
  await until(async () => !(await isAlive(pid)))
})

test('--once does not wait for what others hold; without it, it waits and takes over what is left', async () => {
  const plan = await plantParts(1, 6)
  const holder = await holderOf(plan, 5)
  const once = await runTool('run-parts', { args: [plan.parts, '--once', '--', 'cat'] })
  expect(once).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('0 done, 0 set aside, 1 left') })
  const waiting = startWorker([plan.parts, ...RUNS_OUT, '--', 'cat'])
  // It says for whom, for of a holder that was killed nothing else is to be seen.
  let said = ''
  waiting.child.stderr?.on('data', (chunk) => {
    said += chunk
  })
  await until(async () => /waiting for part-0001, which worker \S+ on \S+ holds; it is taken over/.test(said))
  await writeFile(plan.gate, '')
  expect(await holder.ended).toMatchObject({ code: 0 })
  expect(await waiting.ended).toMatchObject({ code: 0, stdout: '' })
})

describe('on Ceph', () => {
  test('four workers, twelve parts: each part once, each record once', { timeout: 120_000 }, async () => {
    const server = await s3Server()
    const { name, location } = await freshBucket(server)
    const env = s3Environment(server)
    const plan = await plantParts(12, 25)
    const contents = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [partName(at + 1), partOf(at + 1, 25)]))
    await writeFile(`${plan.parts}/manifest.json`, manifestOf(contents))
    await runAws(server, ['s3', 'cp', '--recursive', '--quiet', plan.parts, `s3://${name}/plan/parts/`])
    const workers = [1, 2, 3, 4].map(() =>
      startWorker([`${location}/plan/parts`, '--', ...plan.worker(Number.MAX_SAFE_INTEGER)], env),
    )
    const runs = await Promise.all(workers.map(({ ended }) => ended))
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    const witnesses = runs.flatMap(recordsOf)
    expect(witnesses.map(({ part }) => part).sort()).toEqual(Object.keys(contents))
    expect(witnesses.every(({ counts, token }) => counts.done === 25 && counts.missing === 0 && token === 1)).toBe(true)
    const dealtWith = (await notedIn(plan.log)).map(({ key }) => key)
    expect(new Set(dealtWith).size).toBe(300)
    expect(dealtWith).toHaveLength(300)
  })

  test('a dead holder is taken over, whoever the clocks say it is', { timeout: 120_000 }, async () => {
    const server = await s3Server()
    const { name, location } = await freshBucket(server)
    const env = s3Environment(server)
    const plan = await plantParts(1, 10)
    await runAws(server, ['s3', 'cp', '--recursive', '--quiet', plan.parts, `s3://${name}/parts/`])
    const holder = startWorker([`${location}/parts/`, ...RUNS_OUT, '--', ...plan.worker(5)], env)
    await until(async () => (await notedIn(plan.log)).length === 5)
    const segment = ['s3api', 'head-object', '--bucket', name, '--key', 'parts/part-0001.journal.1.1.ndjson']
    await until(async () => (await runAws(server, segment)).code === 0)
    holder.child.kill('SIGKILL')
    await holder.ended
    await writeFile(plan.gate, '')
    const next = await runTool('run-parts', { args: [`${location}/parts/`, ...RUNS_OUT, '--', ...plan.worker(5)], env })
    expect(recordsOf(next)).toMatchObject([{ token: 2, counts: { in: 10, out: 10, missing: 0 } }])
    expect((await notedIn(plan.log)).filter(({ token }) => token === 2)).toHaveLength(5)
  })
})
