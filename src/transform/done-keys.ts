/**
 * What is done already: the keys that the locations and files of --done name. A source gives them in its own order, in
 * batches; it holds one.
 */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import type { KeyRecord, Reason } from '../record/record.ts'
import type { Context } from '../stage/stage.ts'
import type { Entry, Store } from '../store/contract.ts'
import { schemeOf } from '../store/open.ts'
import type { FieldPath } from './field-path.ts'
import { fieldText, joinParts, memberOf, scalarText } from './field-path.ts'

/** Skipped for a reason by which its own work is not done. */
const NOT_DONE: ReadonlySet<Reason | undefined> = new Set<Reason>([
  'collision',
  'not-verified',
  'not-created',
  'dry-run',
])

/** Whether a record of --done says that its key is done: without an outcome it does, as the line of a listing. */
export function countsAsDone({ outcome, reason, verified }: KeyRecord): boolean {
  if (verified === false) return false
  return outcome === undefined || outcome === 'done' || (outcome === 'skipped' && !NOT_DONE.has(reason))
}

/** The keys of one source of --done, a batch at a time. */
export interface DoneSource {
  readonly name: string
  /** the store, where the source is a location */
  readonly store?: Store
  batches(): AsyncIterable<readonly Key[]>
}

/** The keys that are done, asked in the order of the input. */
export interface Done {
  /**
   * Whether each key is done. Fewer answers than keys where an order that was promised is not kept: `failure` says so, and
   * what came before is right.
   */
  hasAll(keys: readonly Key[]): Promise<{ readonly found: readonly boolean[]; readonly failure?: RekeyError }>
  close(): Promise<void>
}

/**
 * A plain path that is no directory is a file of records, anything else a location. Throws E_LOCATION and the like for a
 * location that cannot be opened, E_USAGE for a field that no listing has.
 */
export async function openDone(name: string, fields: readonly FieldPath[], context: Context): Promise<DoneSource> {
  const store = await openUnlessFile(name, context)
  if (store === undefined) return { name, batches: () => fileKeys(name, fields, context) }
  checkFields(fields)
  return { name: store.location, store, batches: () => listedKeys(name, store, fields, context) }
}

async function openUnlessFile(name: string, context: Context): Promise<Store | undefined> {
  try {
    return await context.open(name)
  } catch (thrown) {
    const error = toRekeyError(thrown)
    if (error.code === 'E_LOCATION' && isPath(name)) return undefined
    throw error
  }
}

/** A file, or a directory. */
function isPath(name: string): boolean {
  return schemeOf(name) === 'file' && !/^file:/i.test(name)
}

async function* listedKeys(
  name: string,
  store: Store,
  fields: readonly FieldPath[],
  context: Context,
): AsyncGenerator<readonly Key[]> {
  const values = fields.some(([name]) => name === 'value')
  const without = new Missing(store.location, fields, context)
  for await (const entries of listed(name, store, values, context)) {
    yield entries.flatMap((entry) => {
      const key = joined(fields, (field) => entryText(field, entry))
      if (key === undefined) without.count()
      return key === undefined ? [] : [key]
    })
  }
  without.tell()
}

async function* listed(
  name: string,
  store: Store,
  values: boolean,
  context: Context,
): AsyncGenerator<readonly Entry[]> {
  try {
    yield* store.list({ values }, context.stop)
  } catch (thrown) {
    const error = toRekeyError(thrown)
    if (error.code !== 'E_LOCATION' || !isPath(name)) throw error
    const problem = `--done ${name}: there is no file and no directory of that name; it takes a file of records, or a location`
    throw new RekeyError('E_LOCATION', problem, { cause: thrown })
  }
}

async function* fileKeys(path: string, fields: readonly FieldPath[], context: Context): AsyncGenerator<readonly Key[]> {
  const without = new Missing(path, fields, context)
  let read = 0
  let unreadCount = 0
  let firstUnread: Line | undefined
  for await (const batch of context.records(path)) {
    const keys: Key[] = []
    for (const line of batch) {
      const record = line.open ?? line.record
      if (isNoRecord(record)) {
        unreadCount++
        firstUnread ??= line
        continue
      }
      read++
      if (!countsAsDone(record)) continue
      const key = joined(fields, (field) => fieldText(field, line))
      if (key === undefined) without.count()
      else keys.push(key)
    }
    yield keys
  }
  if (firstUnread !== undefined) {
    const lines = unreadCount === 1 ? 'its only line is no record' : `none of its ${unreadCount} lines is a record`
    if (read === 0 && !(unreadCount === 1 && isTorn(firstUnread.record)))
      throw new RekeyError(
        'E_USAGE',
        `--done ${path}: ${lines}, which begins {"key":; an empty file says that nothing is done`,
      )
    // The number of a line that an earlier tool could not read is one of that tool's input.
    const where = firstUnread.cameAs === undefined ? `, the first is line ${firstUnread.record.error?.line}` : ''
    context.warn(`--done ${path}: ${unreadCount} of its lines are no records${where}; they count as nothing`)
  }
  without.tell()
}

/** The parts as one key, undefined where one is missing. */
export function joined(fields: readonly FieldPath[], textOf: (field: FieldPath) => Key | undefined): Key | undefined {
  const parts: Key[] = []
  for (const field of fields) {
    const part = textOf(field)
    if (part === undefined) return undefined
    parts.push(part)
  }
  return joinParts(parts)
}

/** A record's parts as one key; undefined where one is missing. */
export function joinedFields(fields: readonly FieldPath[], line: Line): Key | undefined {
  const [only] = fields
  if (only !== undefined && fields.length === 1) return fieldText(only, line)
  return joined(fields, (field) => fieldText(field, line))
}

/** What a listing knows without its contents, by the names that records have for it. */
const ENTRY_FIELDS = ['key', 'value', 'etag', 'type', 'version'] as const

function checkFields(fields: readonly FieldPath[]): void {
  const other = fields.find(([name]) => !ENTRY_FIELDS.includes(name as 'key'))
  if (other === undefined) return
  const known = ENTRY_FIELDS.map((name) => (name === 'value' ? 'value.…' : name)).join(', ')
  throw new RekeyError(
    'E_USAGE',
    `--on ${other.join('.')}: a listing has ${known}; for other fields give --done a file`,
  )
}

function entryText([name = '', ...inner]: FieldPath, entry: Entry): Key | undefined {
  if (name === 'key') return entry.key
  if (name === 'value') return scalarText(memberOf(entry.value, ['value', ...inner]))
  return scalarText(entry[name as 'etag'])
}

function isNoRecord({ key, key64 }: KeyRecord): boolean {
  return key === undefined && key64 === undefined
}

/** Of a journal that was killed over its first line. */
function isTorn({ input }: KeyRecord): boolean {
  return input?.startsWith('{') === true
}

/** Counts the records of a source that lack a field, and says so at the end. */
class Missing {
  readonly #name: string
  readonly #fields: readonly FieldPath[]
  readonly #context: Context
  #records = 0

  constructor(name: string, fields: readonly FieldPath[], context: Context) {
    this.#name = name
    this.#fields = fields
    this.#context = context
  }

  count(): void {
    this.#records++
  }

  tell(): void {
    if (this.#records === 0) return
    const fields = this.#fields.map((field) => field.join('.')).join(', ')
    this.#context.warn(`--done ${this.#name}: ${this.#records} of its records lack ${fields}; they count as nothing`)
  }
}
