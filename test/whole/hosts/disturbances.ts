/** What befalls the workers at random moments, which are told by how many keys have been copied. */
import type { Redis } from 'ioredis'
import { killNow } from '../../kill-now.ts'
import type { Note, RedisLog } from './redis-log.ts'
import type { Workers } from './workers.ts'

export interface Disturbed {
  readonly log: RedisLog
  readonly redis: Redis
  readonly workers: Workers
  readonly random: () => number
  readonly keys: number
  /** those that may be killed one by one and come back */
  readonly mortal: readonly string[]
  /** the one that sleeps */
  readonly sleeper: string
  /** ends a host and all that runs on it */
  killHost(): void
  /** aborted when all have come to their end */
  readonly over: AbortSignal
  /** takes what has befallen whom, a line each */
  tell(what: string): void
}

/** Moments at which something happens are spread over this part of all copies. */
const FIRST = 0.03
const LAST = 0.75
/** About as much of all as a part has. */
const ONE_PART = 0.015

export async function disturb(disturbed: Disturbed): Promise<void> {
  const { log, keys, random, over } = disturbed
  const acts = shuffled([killWorker, killWorker, killWorker, killCommand, killHost, stopAndWake], random)
  const moments = acts.map(() => Math.floor(keys * (FIRST + (LAST - FIRST) * random()))).sort((a, b) => a - b)
  const pending: Promise<void>[] = []
  for (const [at, act] of acts.entries()) {
    await log.until(() => over.aborted || log.copies >= (moments[at] ?? 0))
    pending.push(act(disturbed, (what) => disturbed.tell(`at ${log.copies} copies: ${what}`)))
  }
  await Promise.all(pending)
}

type Act = (disturbed: Disturbed, tell: (what: string) => void) => Promise<void>

const killWorker: Act = async (disturbed, tell) => {
  const victim = await somebodyAtWork(disturbed)
  if (victim === undefined) return
  disturbed.workers.kill(victim.worker, victim.pid)
  tell(`kill -9 of ${victim.worker} at ${victim.part}`)
}

const killCommand: Act = async (disturbed, tell) => {
  const victim = await somebodyAtWork(disturbed)
  if (victim === undefined) return
  tell(
    killNow(victim.command)
      ? `kill -9 of the command of ${victim.worker} at ${victim.part}`
      : `the command of ${victim.worker} had ended before kill -9`,
  )
}

const killHost: Act = async (disturbed, tell) => {
  disturbed.killHost()
  tell('kill -9 of a host')
}

/** It wakes when another has taken over its part, and so much has been copied since then that this one may be done. */
const stopAndWake: Act = async ({ log, redis, sleeper, keys, over }, tell) => {
  const isStop = (note: Note) => note.kind === 'stop'
  await redis.rpush(`orders:${sleeper}`, 'stop')
  await log.until(() => over.aborted || log.notes.some(isStop))
  const stop = log.notes.find(isStop)
  if (stop === undefined) return
  const { part, token, pid } = stop
  tell(`SIGSTOP of ${sleeper} at ${part}`)
  await log.until(() => log.notes.some((note) => note.part === part && note.token > token))
  const enough = log.copies + keys * ONE_PART
  await log.until(() => log.copies >= enough)
  process.kill(pid, 'SIGCONT')
  tell(`SIGCONT of ${sleeper}`)
}

/** The last start of one of those who may be killed, who is still there. */
async function somebodyAtWork({ log, workers, mortal, random, over }: Disturbed): Promise<Note | undefined> {
  const atWork = () =>
    mortal.flatMap((worker) => {
      const last = log.notes.findLast((note) => note.worker === worker)
      return last !== undefined && workers.isRunning(worker, last.pid) ? [last] : []
    })
  await log.until(() => over.aborted || atWork().length > 0)
  return shuffled(atWork(), random)[0]
}

function shuffled<T>(list: readonly T[], random: () => number): readonly T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item)
}
