/** What the rows and heartbeats come to: how far it is, how fast, and what is wrong. Pure; times are milliseconds. */
import type { Sample } from '../../stage/progress/samples.ts'
import { growth, RATE_WINDOW_S, rateOf } from '../../stage/progress/samples.ts'
import type { Status } from '../../stage/progress/standing.ts'
import type { Heartbeat, Row } from './read.ts'

export const STALE_MS = 300_000
export const OFFLINE_MS = 3_600_000
export const STALL_MS = RATE_WINDOW_S * 1000

/** `ended`: it has told that its run is over, so that its silence says nothing. */
export type HostState = 'live' | 'stale' | 'offline' | 'ended'

export interface Host {
  readonly name: string
  readonly state: HostState
  /** when it was last heard of */
  readonly seenMs?: number
  readonly settled: number
  /** groups that it has taken and neither finished nor given back by the end of its run */
  readonly unfinished: number
  readonly ratePerSecond?: number
  readonly cpu?: number
  readonly mem?: number
  readonly workers: Readonly<Record<string, number>>
}

export interface Overview {
  readonly atMs: number
  /** of the groups whose plan is known; undefined where no plan is */
  readonly total?: number
  readonly completed: number
  readonly failed: number
  /** still to be done, of what is known to be planned */
  readonly pending: number
  /** unfinished groups of which nobody knows how much is planned */
  readonly unplanned: number
  /** growth over the last 15 minutes; undefined where neither rows nor the watcher have seen any */
  readonly ratePerSecond?: number
  readonly etaMs?: number
  readonly groups: Readonly<Record<Status, number>>
  readonly rows: readonly Row[]
  readonly failedRows: readonly Row[]
  readonly stuckRows: readonly Row[]
  readonly isStalled: boolean
  readonly hosts: readonly Host[]
  readonly samples: readonly (readonly Sample[])[]
}

export interface Step {
  readonly fromMs: number
  readonly toMs: number
  readonly ratePerSecond: number
}

/** `samplesOf` gives what is known of how a row has grown. */
export function overviewOf(
  rows: readonly Row[],
  heartbeats: readonly Heartbeat[],
  nowMs: number,
  stuckMs: number,
  samplesOf: (row: Row) => readonly Sample[] = ({ samples }) => samples,
): Overview {
  const instances = new Set(rows.map(({ instance }) => instance))
  // A host that writes rows as well has counted the same records twice.
  const further = heartbeats.filter(({ host }) => !instances.has(host))
  const all = [...rows, ...further.flatMap(({ progress }) => progress ?? [])]
  const planned = all.filter(({ total }) => total !== undefined)
  const pending = planned.reduce((sum, row) => sum + pendingOf(row), 0)
  const unplanned = all.filter((row) => row.total === undefined && isOpen(row)).length
  const samples = all.map(samplesOf)
  const ratePerSecond = rateOf(samples, nowMs / 1000)
  const hosts = hostsOf(all, heartbeats, nowMs, samplesOf)
  return {
    atMs: nowMs,
    ...(planned.length > 0 && { total: planned.reduce((sum, { total = 0 }) => sum + total, 0) }),
    completed: sum(all, ({ completed }) => completed),
    failed: sum(all, ({ failed }) => failed),
    pending,
    unplanned,
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(ratePerSecond !== undefined && ratePerSecond > 0 && pending > 0 && { etaMs: (pending / ratePerSecond) * 1000 }),
    groups: {
      pending: all.filter(({ status }) => status === 'pending').length,
      'in-progress': all.filter(({ status }) => status === 'in-progress').length,
      completed: all.filter(({ status }) => status === 'completed').length,
      failed: all.filter(({ status }) => status === 'failed').length,
    },
    rows: all,
    failedRows: all.filter(hasFailed),
    stuckRows: all.filter((row) => isStuck(row, nowMs, stuckMs)),
    isStalled: isStalled(all, pending > 0 || unplanned > 0, hosts, nowMs),
    hosts,
    samples,
  }
}

/** Whether whoever watches over it has to come. */
export function isAlarm({ failedRows, stuckRows, isStalled: stalled, hosts }: Overview): boolean {
  return failedRows.length > 0 || stuckRows.length > 0 || stalled || hosts.some(isMissed)
}

/** Not heard of any more, though what it has taken is not finished: it may have died before it began. */
export function isMissed({ state, unfinished }: Host): boolean {
  return unfinished > 0 && (state === 'stale' || state === 'offline')
}

/** Failed, or with failures in it while the rest goes on. */
export function hasFailed({ status, failed }: Row): boolean {
  return status === 'failed' || failed > 0
}

/** In progress and not updated for so long; one that tells no time cannot be known to go on. */
export function isStuck({ status, updatedMs }: Row, nowMs: number, stuckMs: number): boolean {
  return status === 'in-progress' && (updatedMs === undefined || nowMs - updatedMs >= stuckMs)
}

/** What is planned and neither done nor failed. */
export function pendingOf({ total = 0, completed, failed, status }: Row): number {
  return status === 'completed' ? 0 : Math.max(0, total - completed - failed)
}

/**
 * | to be done | a row has changed in 15 minutes | a host lives | stalled |
 * |---|---|---|---|
 * | nothing | any | any | no |
 * | something | yes | any | no |
 * | something | no | no | no: nobody works; its hosts are missed, or its rows stuck |
 * | something | no | yes | yes |
 */
export function isStalled(rows: readonly Row[], isLeft: boolean, hosts: readonly Host[], nowMs: number): boolean {
  if (!isLeft || !hosts.some(({ state }) => state === 'live')) return false
  return !rows.some(({ updatedMs }) => updatedMs !== undefined && nowMs - updatedMs < STALL_MS)
}

export function hostState(seenMs: number | undefined, isEnded: boolean, nowMs: number): HostState {
  if (isEnded) return 'ended'
  const age = seenMs === undefined ? Number.POSITIVE_INFINITY : nowMs - seenMs
  if (age > OFFLINE_MS) return 'offline'
  return age > STALE_MS ? 'stale' : 'live'
}

function hostsOf(
  rows: readonly Row[],
  heartbeats: readonly Heartbeat[],
  nowMs: number,
  samplesOf: (row: Row) => readonly Sample[],
): Host[] {
  const names = new Set([...rows.flatMap(({ instance }) => instance ?? []), ...heartbeats.map(({ host }) => host)])
  return [...names].sort().map((name) => {
    const own = rows.filter(({ instance }) => instance === name)
    const beat = heartbeats.find(({ host }) => host === name)
    const seen = [...own.map(({ seenMs }) => seenMs), beat?.seenMs].filter((ms) => ms !== undefined)
    const seenMs = seen.length === 0 ? undefined : seen.reduce((one, other) => Math.max(one, other))
    const beats = beat === undefined || beat.progress?.isEnded === true
    const begun = own.filter(({ status }) => status !== 'pending')
    const isEnded = beats && begun.length > 0 && begun.every(hasEnded)
    const ratePerSecond = rateOf(own.map(samplesOf), nowMs / 1000)
    return {
      name,
      state: hostState(seenMs, isEnded, nowMs),
      ...(seenMs !== undefined && { seenMs }),
      settled: sum(own, ({ completed, failed }) => completed + failed),
      unfinished: own.filter((row) => isOpen(row) && !row.isEnded).length,
      ...(ratePerSecond !== undefined && { ratePerSecond }),
      ...(beat?.cpu !== undefined && { cpu: beat.cpu }),
      ...(beat?.mem !== undefined && { mem: beat.mem }),
      workers: beat?.workers ?? {},
    }
  })
}

/** By its own word; a writer that never says so has ended with the group. */
function hasEnded({ isEnded, counts, status }: Row): boolean {
  return isEnded || (counts === undefined && status !== 'in-progress')
}

/** The rate from the first sample to now, in so many even steps; empty where nothing is known. */
export function historyOf({ samples, atMs }: Overview, steps: number): readonly Step[] {
  const times = samples.flatMap((some) => some.map(([at]) => at))
  if (times.length === 0) return []
  const from = times.reduce((one, other) => Math.min(one, other))
  const step = Math.max(atMs / 1000 - from, 1) / steps
  return Array.from({ length: steps }, (_, nth) => {
    const [start, end] = [from + nth * step, from + (nth + 1) * step]
    return { fromMs: start * 1000, toMs: end * 1000, ratePerSecond: growth(samples, start, end) / step }
  })
}

function isOpen({ status }: Row): boolean {
  return status === 'pending' || status === 'in-progress'
}

function sum(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}
