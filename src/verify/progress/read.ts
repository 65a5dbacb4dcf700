/** Rows of progress and heartbeats as they stand in a store, whoever has written them. Pure, and takes what it gets. */
import type { Sample } from '../../stage/progress/samples.ts'
import type { FailedKey, Status } from '../../stage/progress/standing.ts'
import { STATUSES } from '../../stage/progress/standing.ts'
import type { Entry } from '../../store/contract.ts'

/** A row, with times as milliseconds since 1970. What the row does not say is absent. */
export interface Row {
  readonly customer: string
  readonly space: string
  readonly status: Status
  readonly total?: number
  readonly completed: number
  readonly failed: number
  /** done, skipped, failed, unknown; where the writer tells them apart */
  readonly counts?: Readonly<Record<string, number>>
  readonly instance?: string
  readonly worker?: string
  readonly last?: string
  /** failures by code; a text that names no codes stands as one */
  readonly errors: Readonly<Record<string, number>>
  readonly failures: readonly FailedKey[]
  readonly createdMs?: number
  readonly updatedMs?: number
  /** when its writer was last heard of */
  readonly seenMs?: number
  readonly isEnded: boolean
  readonly samples: readonly Sample[]
}

export interface Heartbeat {
  readonly host: string
  readonly seenMs?: number
  readonly cpu?: number
  readonly mem?: number
  readonly workers: Readonly<Record<string, number>>
  /** of one that track-progress has written */
  readonly progress?: Row
}

type Fields = Readonly<Record<string, unknown>>

const ERROR_CHARS = 100

/** What an entry of a listing is; undefined for what is neither row nor heartbeat. */
export function readEntry(entry: Entry): { readonly row: Row } | { readonly heartbeat: Heartbeat } | undefined {
  const value = objectOf(entry.value !== undefined && 'value' in entry.value ? entry.value.value : undefined)
  if (value === undefined) return undefined
  if (typeof value['hostname'] === 'string') return { heartbeat: readHeartbeat(value, entry.mtimeMs) }
  const row = typeof value['customer'] === 'string' ? readRow(value) : undefined
  return row && { row }
}

/** The status of what would be a row if its status were a known one: others may write `FAILED`. */
export function strangeStatus(entry: Entry): string | undefined {
  const value = objectOf(entry.value !== undefined && 'value' in entry.value ? entry.value.value : undefined)
  const status = typeof value?.['customer'] === 'string' ? value['status'] : undefined
  return typeof status === 'string' && !STATUSES.some((word) => word === status) ? status : undefined
}

/** A row of `migration-progress`, or of `migration-customers`, which has no space. */
export function readRow(value: Fields): Row | undefined {
  const status = STATUSES.find((word) => word === value['status'])
  if (status === undefined) return undefined
  const shares = Object.values(fieldsOf(value['shares'])).map(fieldsOf)
  const [total, completed] = [countOf(value['totalUploads']), countOf(value['completedUploads']) ?? 0]
  const failures = shares.flatMap(({ failures: list }) => (Array.isArray(list) ? list : []))
  const counts = sumOf(shares.map((share) => fieldsOf(share['counts'])))
  const [createdMs, updatedMs, seenMs] = ['createdAt', 'updatedAt', 'seenAt'].map((name) => timeOf(value[name]))
  return {
    customer: textOf(value['customer']) ?? '*',
    space: textOf(value['space']) ?? '*',
    status,
    ...(total !== undefined && { total }),
    // A migrator that counts every tenth upload completes with fewer than there were.
    completed: status === 'completed' ? Math.max(completed, total ?? 0) : completed,
    failed: countOf(value['failedUploads']) ?? 0,
    ...(shares.length > 0 && { counts }),
    ...named('instance', textOf(value['instanceId'])),
    ...named('worker', textOf(value['workerId'])),
    ...named('last', textOf(value['lastProcessedUpload'])),
    errors: errorsOf(value['error']),
    failures: failures.map(fieldsOf).map(failureOf),
    ...named('createdMs', createdMs),
    ...named('updatedMs', updatedMs ?? createdMs),
    ...named('seenMs', seenMs ?? updatedMs),
    isEnded: typeof value['endedAt'] === 'string',
    samples: samplesOf(value['samples']),
  }
}

/**
 * Both forms of a heartbeat: `cpu_percent`, `memory_percent` and `cpu`, `mem`. The store's time goes before its own,
 * also for what it says of its progress, whose times are by the same clock.
 */
function readHeartbeat(value: Fields, mtimeMs: number | undefined): Heartbeat {
  const system = fieldsOf(value['system'])
  const [cpu, mem] = [
    numberOf(system['cpu'] ?? system['cpu_percent']),
    numberOf(system['mem'] ?? system['memory_percent']),
  ]
  const host = String(value['hostname'])
  const progress = readRow({ customer: '*', space: host, instanceId: host, ...fieldsOf(value['progress']) })
  const sentMs = timeOf(value['timestamp'])
  const wrongMs = mtimeMs === undefined || sentMs === undefined ? 0 : mtimeMs - sentMs
  return {
    host,
    ...named('seenMs', mtimeMs ?? sentMs),
    ...named('cpu', cpu),
    ...named('mem', mem),
    workers: sumOf([fieldsOf(value['workers'])]),
    ...named('progress', progress && shifted(progress, wrongMs)),
  }
}

/** The row by the clock of the store: its host's is wrong by so much. */
function shifted(row: Row, byMs: number): Row {
  const moved = (ms: number | undefined) => (ms === undefined ? undefined : ms + byMs)
  return {
    ...row,
    ...named('createdMs', moved(row.createdMs)),
    ...named('updatedMs', moved(row.updatedMs)),
    ...named('seenMs', moved(row.seenMs)),
    samples: row.samples.map(([at, count]) => [at + byMs / 1000, count]),
  }
}

/** ISO 8601, in UTC where it names no zone; or seconds or milliseconds since 1970. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return value < 1e11 ? value * 1000 : value
  if (typeof value !== 'string') return undefined
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(value)
  const ms = Date.parse(hasZone || !value.includes('T') ? value : `${value}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

/** JSON `{"CODE":3}`, or a text; an empty one says nothing. */
function errorsOf(value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== 'string') return sumOf([fieldsOf(value)])
  if (value.trim() === '') return {}
  try {
    const codes = sumOf([fieldsOf(JSON.parse(value))])
    if (Object.keys(codes).length > 0) return codes
  } catch {
    // A text.
  }
  return { [value.slice(0, ERROR_CHARS)]: 1 }
}

function failureOf({ key, code, message }: Fields): FailedKey {
  return { key: textOf(key) ?? '', code: textOf(code) ?? '', message: textOf(message) ?? '' }
}

function samplesOf(value: unknown): readonly Sample[] {
  if (!Array.isArray(value)) return []
  const samples = value.filter(
    (sample) => Array.isArray(sample) && sample.length === 2 && sample.every(Number.isFinite),
  )
  return (samples as Sample[]).toSorted(([one], [other]) => one - other)
}

/** Numbers of the same name added up; what is no number is left out. */
function sumOf(all: readonly Fields[]): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {}
  for (const fields of all) {
    for (const [name, value] of Object.entries(fields)) {
      const number = numberOf(value)
      if (number !== undefined) sum[name] = (sum[name] ?? 0) + number
    }
  }
  return sum
}

/** A value of a listing: an object, also as the text of one. */
function objectOf(value: unknown): Fields | undefined {
  if (typeof value === 'string') {
    try {
      return objectOf(JSON.parse(value) as object)
    } catch {
      return undefined
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

function countOf(value: unknown): number | undefined {
  const count = numberOf(value)
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function named<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value }
}
