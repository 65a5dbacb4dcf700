/**
 * What has passed, by group. Holds some 600 bytes a group, for at most 100,000 of them: what belongs to further ones is
 * counted as one.
 */
import type { Line } from '../../record/line.ts'
import type { KeyRecord } from '../../record/record.ts'
import type { Group } from '../../stage/progress/place.ts'
import type { Counts, FailedKey } from '../../stage/progress/standing.ts'
import { countedAs, NO_COUNTS } from '../../stage/progress/standing.ts'

const MOST_GROUPS = 100_000
const FAILURES_KEPT = 3
const MESSAGE_CHARS = 200
const CODES_KEPT = 50

/** What of a group has passed in this run and in the journals that it goes on from. */
export interface Tally {
  readonly group: Group
  readonly counts: Record<keyof Counts, number>
  readonly errors: Record<string, number>
  readonly failures: FailedKey[]
  last?: string
  /** undefined while nobody has said */
  total?: number
  settledAtStart: number
  /** whether a row is to be written */
  isDirty: boolean
}

/** The fields that --by names. */
export interface Field {
  /** the last part of the path */
  readonly name: string
  readonly path: readonly string[]
}

export class Groups {
  readonly #fields: readonly Field[]
  readonly #most: number
  readonly #tallies = new Map<string, Tally>()
  /** the group that has changed last */
  latest: Tally | undefined

  constructor(fields: readonly Field[], most: number = MOST_GROUPS) {
    this.#fields = fields
    this.#most = most
  }

  get all(): Iterable<Tally> {
    return this.#tallies.values()
  }

  /** Whether there were more groups than are told apart. */
  get isFull(): boolean {
    return this.#tallies.size > this.#most
  }

  tallyFor(record: KeyRecord): Tally {
    return this.tallyOf(groupOf(record, this.#fields))
  }

  tallyOf(group: Group): Tally {
    const name = `${group.customer.length} ${group.customer}${group.space}`
    const known = this.#tallies.get(name)
    if (known !== undefined) return known
    if (this.#tallies.size >= this.#most && group !== FURTHER) return this.tallyOf(FURTHER)
    const tally = { group, counts: { ...NO_COUNTS }, errors: {}, failures: [], settledAtStart: 0, isDirty: true }
    this.#tallies.set(name, tally)
    return tally
  }

  add(line: Line): void {
    const record = this.#fields.length === 0 ? (line.open ?? line.record) : line.record
    const tally = this.tallyFor(record)
    count(tally, record, 1)
    tally.isDirty = true
    this.latest = tally
  }
}

/** Where a group is when there are too many. */
const FURTHER: Group = { customer: '*', space: 'further groups' }

/** Counts a record, or with -1 takes it out again: the earlier outcome of one that comes with another. */
export function count(tally: Tally, record: KeyRecord, by: 1 | -1): void {
  const word = countedAs(record)
  tally.counts[word] += by
  if (word === 'open') return
  const settled = record.key ?? record.key64
  if (by === 1 && settled !== undefined) tally.last = settled
  if (word === 'failed' || word === 'unknown') countError(tally, record, by)
}

function countError({ errors, failures }: Tally, record: KeyRecord, by: 1 | -1): void {
  const { key, key64, error } = record
  const given = codeOf(record)
  const code = errors[given] === undefined && Object.keys(errors).length >= CODES_KEPT ? 'other' : given
  const failed = key ?? (key64 === undefined ? `line ${error?.line}` : `64:${key64}`)
  errors[code] = (errors[code] ?? 0) + by
  if ((errors[code] ?? 0) <= 0) delete errors[code]
  if (by === -1) {
    const at = failures.findIndex((failure) => failure.key === failed)
    if (at !== -1) failures.splice(at, 1)
    return
  }
  if (failures.length >= FAILURES_KEPT) return
  failures.push({ key: failed.slice(0, MESSAGE_CHARS), code: given, message: messageOf(record) })
}

/** By which a failure is counted. Commands of others write `error` as they like, and none may end what passes. */
export function codeOf({ error, differs }: KeyRecord): string {
  return textOf(error?.code) ?? (differs === undefined || differs === null ? 'unknown' : 'differs')
}

function messageOf({ error, differs }: KeyRecord): string {
  return textOf(error?.message) ?? (Array.isArray(differs) ? differs.join(', ').slice(0, MESSAGE_CHARS) : '')
}

function textOf(value: unknown): string | undefined {
  const isText = typeof value === 'string' || typeof value === 'number'
  return isText ? String(value).slice(0, MESSAGE_CHARS) : undefined
}

export function settledOf({ counts }: Tally): number {
  return counts.done + counts.skipped + counts.failed + counts.unknown
}

/** Customer and space, where --by names them; any other field stands in the space, by its name. */
export function groupOf(record: KeyRecord, fields: readonly Field[]): Group {
  let customer = '*'
  const rest: string[] = []
  for (const { name, path } of fields) {
    const value = valueAt(record, path)
    if (name === 'customer') customer = value
    else rest.push(name === 'space' ? value : `${name}=${value}`)
  }
  return { customer, space: rest.length === 0 ? '*' : rest.join(',') }
}

/** `-` where the record has no such field, or an empty one. */
function valueAt(record: KeyRecord, path: readonly string[]): string {
  let value: unknown = record
  for (const name of path) {
    const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    value = isThere ? (value as Record<string, unknown>)[name] : undefined
  }
  if (value === undefined || value === null || value === '') return '-'
  return typeof value === 'object' ? jsonOf(value) : String(value)
}

/** What is nested too deep to be printed is one group: it must not end what passes. */
function jsonOf(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    return 'nested too deep'
  }
}
