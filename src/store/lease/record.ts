/**
 * The text of a lease. It can be read by workers of cocli, whose lease.json has `worker_id`, `created_at`,
 * `heartbeat_at` and `expires_at`, and theirs is read here: without a token, perhaps without a heartbeat, with times
 * that name an offset, or UTC by no word. Pure.
 */
import type { LeaseRecord } from './contract.ts'

/** Before anybody's time, so that any worker takes it for given up. */
const LONG_AGO = '1970-01-01T00:00:00+00:00'

export function leaseText(record: LeaseRecord): string {
  return JSON.stringify(record)
}

/** Whatever is there: what cannot be read as a lease is one that somebody unknown holds. */
export function parseLease(text: string): LeaseRecord {
  const found = objectOf(text)
  const { host, pid, stale_ms, heartbeat_at, expires_at } = found
  return {
    worker_id: typeof found.worker_id === 'string' ? found.worker_id : 'unknown',
    ...(typeof host === 'string' && { host }),
    ...(typeof pid === 'number' && { pid }),
    token: countOf(found.token),
    beats: countOf(found.beats),
    state: found.state === 'released' ? 'released' : 'held',
    attempts: countOf(found.attempts),
    ...(typeof stale_ms === 'number' && stale_ms > 0 && { stale_ms }),
    created_at: typeof found.created_at === 'string' ? found.created_at : '',
    ...(typeof heartbeat_at === 'string' && { heartbeat_at }),
    ...(typeof expires_at === 'string' && { expires_at }),
  }
}

/** Whether two records are the same writing of the same holder. */
export function isSameWriting(one: LeaseRecord, other: LeaseRecord): boolean {
  return (
    one.worker_id === other.worker_id &&
    one.token === other.token &&
    one.beats === other.beats &&
    one.state === other.state
  )
}

/** Milliseconds since 1970 of a lease's time; a time without an offset is UTC. Undefined for what is no time. */
export function leaseTimeMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const hasOffset = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text)
  const ms = Date.parse(hasOffset ? text : `${text}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

export interface Times {
  readonly created_at: string
  readonly heartbeat_at: string
  readonly expires_at: string
}

/** The times of a heartbeat, written with `+00:00`, which every reader of ISO 8601 takes. */
export function timesOf(createdMs: number, nowMs: number, termMs: number): Times {
  return { created_at: iso(createdMs), heartbeat_at: iso(nowMs), expires_at: iso(nowMs + termMs) }
}

/** The same lease, given up: for ours by its state, for workers of another kind by a heartbeat of long ago. */
export function released(record: LeaseRecord, attempts: number): LeaseRecord {
  const times = { heartbeat_at: LONG_AGO, expires_at: LONG_AGO }
  return { ...record, ...times, state: 'released', beats: record.beats + 1, attempts }
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+00:00')
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
