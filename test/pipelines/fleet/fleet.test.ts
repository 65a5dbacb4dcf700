/** A plan over two hosts that are reached by ssh; what they move is in one Redis. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { directoryWith } from '../../directory.ts'
import { redisDatabase } from '../../redis-database.ts'
import { BIN, ROOT, recordsOf, runShell } from '../../run-tool.ts'
import type { SshHosts } from '../../servers/sshd.ts'
import { startHosts } from '../../servers/sshd.ts'

const RUN = `${ROOT}pipelines/fleet/run`
const KEYS = 3000
const location = redisDatabase('fleet')
const redis = new Redis(location)
const PATH = `${BIN}:${process.env.PATH}`

let hosts: SshHosts
let directory: string
beforeAll(async () => {
  hosts = await startHosts({
    one: { PATH },
    two: { PATH },
    dying: { PATH, REKEY_FAULTS: 'die=100' },
    doomed: { PATH },
    gone: { PATH },
    refusing: { PATH, REKEY_FAULTS: 'seed=7,refuse=0.1' },
    bare: { PATH: '/usr/bin:/bin' },
    // Its shell warns, on stderr and at each command, that there is no such locale.
    talking: { PATH, LC_ALL: 'xx_XX.UTF-8' },
  })
})
afterAll(async () => {
  await hosts.stop()
  await redis.flushdb()
  redis.disconnect()
})

beforeEach(async () => {
  await redis.flushdb()
  const pipeline = redis.pipeline()
  for (let n = 0; n < KEYS; n++) pipeline.set(`job:${n}`, `value ${n}`)
  await pipeline.exec()
  directory = await directoryWith({})
  const made = await runShell(`list-keys ${location} | rewrite-keys --sub s/^job/step/ > plan.ndjson`, {
    cwd: directory,
  })
  expect(made.code).toBe(0)
})

const environment = (names: string) => ({ HOSTS: names, PARALLEL_SSH: hosts.ssh, BLOCK: '40k' })
const SLOWLY = { APPLY: 'copy-apply --rate 500' }
const run = (command: string, names: string, env = {}) =>
  runShell(`${RUN} ${command} plan.ndjson`, { cwd: directory, env: { ...environment(names), ...env } })

function journal() {
  return recordsOf({ stdout: readFileSync(join(directory, 'fleet.work/run.ndjson'), 'utf8') })
}

async function expectAllMoved(): Promise<void> {
  const keys = journal().map(({ key }) => key)
  expect(new Set(keys).size).toBe(KEYS)
  expect(keys).toHaveLength(KEYS)
  const copies = await redis.mget(Array.from({ length: KEYS }, (_, n) => `step:${n}`))
  expect(copies).toEqual(Array.from({ length: KEYS }, (_, n) => `value ${n}`))
}

test('all: every host works, and each record has one outcome', async () => {
  const { code, stdout, stderr } = await run('all', '2/one,two')
  expect(stderr).not.toMatch(/not proven|no outcome/)
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`proven: each of ${KEYS} records`),
  })
  expect(journal().every(({ outcome }) => outcome === 'done')).toBe(true)
  await expectAllMoved()
  const joblog = readFileSync(join(directory, 'fleet.work/joblog'), 'utf8')
  expect(joblog).toMatch(/\tone\t/)
  expect(joblog).toMatch(/\ttwo\t/)

  const again = await run('all', 'one')
  expect(again.code).toBe(0)
  expect(journal()).toHaveLength(KEYS)
})

test('tools that die on a host: the rest is sent again, and nothing twice', async () => {
  const { code, stderr } = await run('send', 'one,dying')
  expect(stderr).toContain('dying ended with exit code 137')
  expect(code).toBe(0)
  expect((await run('prove', '')).code).toBe(0)
  await expectAllMoved()
})

test('a host that dies: the others do its part', async () => {
  const running = run('send', 'one,doomed', SLOWLY)
  await journalHas(200)
  hosts.kill('doomed')
  expect(await running).toMatchObject({ code: 0 })
  expect((await run('prove', '')).code).toBe(0)
  await expectAllMoved()
})

test('a send that is killed goes on', async () => {
  const child = spawn('bash', [RUN, 'send', 'plan.ndjson'], {
    cwd: directory,
    env: { ...process.env, PATH, ...environment('one,two'), ...SLOWLY },
    detached: true,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  await journalHas(200)
  process.kill(-(child.pid as number), 'SIGKILL')
  await ended

  const early = await run('prove', '')
  expect(early).toMatchObject({ code: 3, stderr: expect.stringContaining('not proven') })
  expect((await run('send', 'one,two')).code).toBe(0)
  expect((await run('prove', '')).code).toBe(0)
  await expectAllMoved()
})

test('a host whose shell prints a warning works as any other, and one that is gone is left out', async () => {
  hosts.kill('gone')
  const { code, stderr } = await run('send', 'gone,2/talking')
  expect(stderr).toContain('xx_XX.UTF-8')
  expect(stderr).toContain('gone does not answer and is left out')
  expect(code).toBe(0)
  await expectAllMoved()
  expect(readFileSync(join(directory, 'fleet.work/joblog'), 'utf8')).not.toMatch(/\tgone\t/)
  await redis.flushdb()
  expect(await run('send', 'gone', { WORK: 'other.work' })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('no host answered'),
  })
})

test('what failed is taken up by retry', async () => {
  expect((await run('all', 'refusing')).code).toBe(1)
  expect((await run('all', 'one')).code).toBe(1)
  expect((await run('retry', 'one')).code).toBe(0)
  expect((await run('prove', '')).code).toBe(0)
  await expectAllMoved()
})

test('what the plan has settled is in the journal as it came, and a line that is none is refused', async () => {
  const settled = '{"key":"x","n":12345678901234567890,"outcome":"failed","error":{"code":"E_FIELD","message":"m"}}\n'
  appendFileSync(join(directory, 'plan.ndjson'), settled)
  expect((await run('send', 'refusing,two')).code).toBe(0)
  expect((await run('retry', 'two')).code).toBe(0)
  expect((await run('prove', '')).code).toBe(1)
  expect(readFileSync(join(directory, 'fleet.work/run.ndjson'), 'utf8').split('\n')).toContain(settled.trim())

  appendFileSync(join(directory, 'plan.ndjson'), 'no record\n')
  const refused = await run('send', 'one', { WORK: 'other.work' })
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(`line ${KEYS + 2}`) })
})

test('two stores with keys of one name: what is told of one is not taken for the other; verify proves the copies', async () => {
  const at = await directoryWith({ 'a/k': '1', 'b/k': '2' })
  const made = await runShell("list-keys a b | rewrite-keys --sub 's|^|new/|' > plan.ndjson", { cwd: at })
  expect(made.code).toBe(0)
  // GNU parallel's name of this host.
  const local = (command: string, plan: string, env = {}) =>
    runShell(`${RUN} ${command} ${plan}`, { cwd: at, env: { HOSTS: ':', ...env } })
  expect((await local('send', 'plan.ndjson')).code).toBe(0)
  const path = join(at, 'fleet.work/run.ndjson')
  const [told = ''] = readFileSync(path, 'utf8').split('\n')
  writeFileSync(path, `${told}\n`)
  expect((await local('send', 'plan.ndjson')).code).toBe(0)
  expect((await local('prove', 'plan.ndjson')).code).toBe(0)
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(3)

  const proof = { APPLY: 'verify', WORK: 'proof' }
  expect((await local('send', path, proof)).code).toBe(0)
  const proven = await local('prove', path, proof)
  expect(proven).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^done verified {2}1\nskipped exists verified {2}1$/m),
  })
  await writeFile(join(at, 'b/new/k'), 'other')
  expect((await local('retry', path, proof)).code).toBe(0)
  expect((await local('prove', path, proof)).code).toBe(0)
  const afresh = { ...proof, WORK: 'afresh' }
  expect((await local('send', path, afresh)).code).toBe(0)
  expect(await local('prove', path, afresh)).toMatchObject({ code: 1, stdout: expect.stringContaining('differs  1') })
})

test('refuses before anything is sent', async () => {
  expect(await run('all', 'one,bare')).toMatchObject({ code: 2, stderr: expect.stringContaining('PATH') })
  expect(await run('all', '')).toMatchObject({ code: 2, stderr: expect.stringContaining('HOSTS') })
  expect(await run('send', 'one', { APPLY: 'copy-apply --no-such-flag' })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('one ended with exit code 2'),
  })
  expect(await redis.exists('step:1')).toBe(0)
})

/** Resolves when the journal has so many lines. */
async function journalHas(lines: number): Promise<void> {
  const work = join(directory, 'fleet.work')
  while (!existsSync(work)) await changed(directory)
  const path = join(work, 'run.ndjson')
  while (!existsSync(path) || readFileSync(path, 'utf8').split('\n').length < lines) await changed(work)
}

/** Resolves at the next change in a directory. */
async function changed(path: string): Promise<void> {
  const watcher = watch(path)
  await once(watcher, 'change')
  watcher.close()
}
