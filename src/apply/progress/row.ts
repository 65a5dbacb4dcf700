/** Rows and heartbeats as they stand in a store, from and to a standing. Pure. */
import type { Group } from '../../stage/progress/place.ts'
import type { Sample } from '../../stage/progress/samples.ts'
import type { Share, Standing } from '../../stage/progress/standing.ts'
import { STATUSES } from '../../stage/progress/standing.ts'
import type { Before } from './standing.ts'

export interface Writer {
  readonly instance: string
  readonly worker: string | undefined
}

/** How busy a host is, in percent of all its processors and of its memory. */
export interface Load {
  readonly cpu: number
  readonly mem: number
}

type Fields = Readonly<Record<string, unknown>>

/** What a row says, whoever has written it: rekey, in part, or an earlier migrator. */
export function beforeOf(row: Fields | undefined): Before | undefined {
  if (row === undefined) return undefined
  const total = countOf(row['totalUploads'])
  const status = STATUSES.find((word) => word === row['status'])
  return {
    ...(total !== undefined && total > 0 && { total }),
    ...(typeof row['createdAt'] === 'string' && { createdAt: row['createdAt'] }),
    ...(typeof row['updatedAt'] === 'string' && { updatedAt: row['updatedAt'] }),
    ...(status !== undefined && { status }),
    completed: countOf(row['completedUploads']) ?? 0,
    failed: countOf(row['failedUploads']) ?? 0,
    shares: sharesOf(row['shares']),
    samples: samplesOf(row['samples']),
  }
}

/** The fields of a row of `migration-progress`; what no longer holds is undefined. */
export function rowOf(before: Fields | undefined, group: Group, standing: Standing, writer: Writer): object {
  return { ...group, ...standingFields(standing), ...writerFields(writer, before) }
}

/** The fields of the heartbeat of a host; its progress stands in one field of it. */
export function heartbeatOf(standing: Standing, { instance }: Writer, load: Load): object {
  const living = Object.entries(standing.shares).filter(([, share]) => share.ended !== true)
  return {
    timestamp: standing.seenAt,
    hostname: instance,
    system: load,
    workers: Object.fromEntries(living.map(([name]) => [name, 1])),
    progress: standingFields(standing),
  }
}

function standingFields(standing: Standing): object {
  const { status, total, completed, failed, last, errors, createdAt, updatedAt, seenAt, endedAt } = standing
  return {
    status,
    totalUploads: total,
    completedUploads: completed,
    failedUploads: failed,
    lastProcessedUpload: last,
    error: errors === undefined ? undefined : JSON.stringify(errors),
    createdAt,
    updatedAt,
    seenAt,
    endedAt,
    shares: standing.shares,
    samples: standing.samples,
  }
}

function writerFields({ instance, worker }: Writer, before: Fields | undefined): object {
  return {
    instanceId: instance,
    workerId: worker ?? (before?.['instanceId'] === instance ? before['workerId'] : undefined),
  }
}

function sharesOf(value: unknown): Readonly<Record<string, Share>> {
  if (!isObject(value)) return {}
  return Object.fromEntries(Object.entries(value).filter(([, share]) => isShare(share))) as Record<string, Share>
}

function isShare(value: unknown): boolean {
  if (!isObject(value) || !isObject(value['counts']) || typeof value['run'] !== 'string') return false
  const { counts } = value as { counts: Fields }
  return ['done', 'skipped', 'failed', 'unknown', 'open'].every((word) => Number.isSafeInteger(counts[word]))
}

function samplesOf(value: unknown): readonly Sample[] {
  if (!Array.isArray(value)) return []
  return value.filter((sample) => Array.isArray(sample) && sample.length === 2 && sample.every(Number.isFinite))
}

/** A count, also one that stands as text. */
function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
