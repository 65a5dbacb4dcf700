/**
 * Three processes and two hosts that are reached by ssh, one with a clock that is wrong by 20 minutes, copy the keys of
 * one plan, while some of them are killed and one sleeps beyond its lease: each key has one outcome, nobody has written
 * for a part that another had taken over, and all come to their end.
 *
 * `SEED=$RANDOM` takes other moments, `HOSTS_KEYS=6400` fewer keys.
 */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { seeded } from '../../pipelines/redis-jobs/seeded.ts'
import { BIN, recordsOf, runCommand, runShell } from '../../run-tool.ts'
import type { RedisServer } from '../../servers/redis.ts'
import { startRedis } from '../../servers/redis.ts'
import { startHosts } from '../../servers/sshd.ts'
import { disturb } from './disturbances.ts'
import { lateWrites } from './late-writes.ts'
import type { Place } from './places.ts'
import { PLACES } from './places.ts'
import { RedisLog } from './redis-log.ts'
import { Workers } from './workers.ts'

const SEED = Number(process.env.SEED ?? 20261126)
const PARTS = 64
const KEYS = Number(process.env['HOSTS_KEYS'] ?? 50_000)
const WRONG = '+20m'
/** Records a second and worker: a part takes about half a second, so that there is something to disturb. */
const PART_SECONDS = 0.5
/** Of those that die none does it for its part's sake. */
const TERM = ['--term', '3s', '--stale', '3s', '--attempts', '10']
const SLEEPER = 'asleep'
const MORTAL = ['first', 'second', 'wrong']
const LONGEST_MS = 240_000

let server: RedisServer
let redis: Redis
beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.location)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

test.each(Object.keys(PLACES))('%s', { timeout: LONGEST_MS }, async (kind) => {
  const told: string[] = []
  onTestFailed(() => console.error(`SEED=${SEED}: ${told.join('; ')}`))
  await migrate(kind, KEYS, told)
})

async function migrate(kind: string, keys: number, told: string[]): Promise<void> {
  const place = await (PLACES[kind] as (redis: string) => Promise<Place>)(`${server.location.slice(0, -1)}1`)
  await plant(keys, place)
  const planned = await place.contents()
  const partOfKey = partsByKey(planned)
  expect(partOfKey.size).toBe(keys)

  const env = { PATH: `${BIN}:${process.env.PATH}`, ...place.env }
  const hosts = await startHosts({ doomed: env, wrong: { ...env, ...(await wrongClock()) } })
  onTestFinished(() => hosts.stop())
  const log = await RedisLog.open(server.port)
  onTestFinished(() => log.close())
  const ssh = hosts.ssh.split(' ')
  const workers = new Workers({
    ways: { first: [], second: [], [SLEEPER]: [], doomed: [...ssh, 'doomed'], wrong: [...ssh, 'wrong'] },
    args: [place.parts, ...place.lease, ...TERM],
    env: place.env,
    redis: server.location,
    rate: keys / PARTS / PART_SECONDS,
  })
  onTestFinished(() => workers.killAll())
  const over = new AbortController()
  const disturbing = disturb({
    log,
    redis,
    workers,
    random: seeded(SEED),
    keys,
    mortal: MORTAL,
    sleeper: SLEEPER,
    killHost: () => hosts.kill('doomed'),
    over: over.signal,
    tell: (what) => void told.push(what),
  })
  const runs = await workers.toEnd()
  over.abort()
  await log.caughtUp(redis)
  await disturbing

  // Everything ends, and well, but for those that were killed.
  expect(told).toHaveLength(7)
  const alive = runs.filter(({ worker, wasKilled }) => worker !== 'doomed' && !wasKilled)
  expect(alive.map(({ worker, code }) => [worker, code]).sort()).toEqual(
    ['first', 'second', SLEEPER, 'wrong'].map((worker) => [worker, 0]).sort(),
  )
  // Each key has one outcome, and its copy.
  const found = await place.contents()
  expect(Object.keys(found).filter((name) => /\.failed\.|\.journal\.\d/.test(name))).toEqual([])
  const journals = Object.entries(found).filter(([name]) => name.endsWith('.journal.ndjson'))
  const settled = journals.flatMap(([, text]) => recordsOf({ stdout: text }))
  expect(settled.length).toBe(keys)
  expect(new Set(settled.map(({ key }) => key)).size).toBe(keys)
  expect(settled.filter(({ outcome, reason }) => outcome !== 'done' && reason !== 'exists')).toEqual([])
  const copies = await redis.mget(Array.from({ length: keys }, (_, n) => `step:${n}`))
  expect(copies.findIndex((value, n) => value !== `value ${n}`)).toBe(-1)
  // Nobody has written after another had taken over, and what the last holder said counts.
  expect(lateWrites(log.events, (key) => partOfKey.get(key))).toEqual([])
  const witnesses = Object.entries(found).filter(([name]) => name.endsWith('.done.json'))
  expect(witnesses).toHaveLength(PARTS)
  const stopped = log.notes.find(({ kind }) => kind === 'stop')
  const taken = JSON.parse(found[`${stopped?.part}.done.json`] ?? '')
  expect(taken.token).toBeGreaterThan(stopped?.token ?? 0)
  expect(runs.find(({ worker }) => worker === SLEEPER)?.stderr).toContain(`${stopped?.part}: the lease was lost`)
  // One clock has been wrong all the while.
  const latest = Math.max(...witnesses.map(([, text]) => Date.parse(JSON.parse(text).ended)))
  expect(latest - Date.now()).toBeGreaterThan(15 * 60_000)
}

/** Keys, and a plan to copy them in parts. */
async function plant(keys: number, { parts, env }: Place): Promise<void> {
  await redis.flushall()
  const pipeline = redis.pipeline()
  for (let n = 0; n < keys; n++) pipeline.set(`job:${n}`, `value ${n}`)
  await pipeline.exec()
  const plan = `list-keys ${server.location} | rewrite-keys --sub s/^job/step/ | shard-keys --parts ${PARTS} --out ${parts}`
  const { code, stderr } = await runShell(plan, { env })
  expect(code, stderr).toBe(0)
}

function partsByKey(planned: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const parts = Object.entries(planned).filter(([name]) => name.endsWith('.ndjson'))
  return new Map(
    parts.flatMap(([name, text]) =>
      recordsOf({ stdout: text }).map(({ key }): [string, string] => [key, name.replace('.ndjson', '')]),
    ),
  )
}

/** The environment in which every program takes it to be 20 minutes later; what files say of their times stays. */
async function wrongClock(): Promise<Record<string, string>> {
  const { stdout } = await runCommand('faketime', { args: ['-f', WRONG, 'printenv', 'LD_PRELOAD'] })
  return { LD_PRELOAD: stdout.trim(), FAKETIME: WRONG, FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' }
}
