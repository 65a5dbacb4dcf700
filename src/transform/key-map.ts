/**
 * A file of old keys and their new ones: NDJSON `{"key","to"}`, also with `key64` and `to64`, or two columns of CSV.
 * Holds the whole of it: about 100 bytes a pair and the keys themselves.
 */
import type { Transform } from 'node:stream'
import { pipeline, Readable } from 'node:stream'
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText, sameKey } from '../record/key.ts'
import type { KeyRecord } from '../record/record.ts'
import { recordKey, recordProblem, recordTo } from '../record/record.ts'

export class KeyMap {
  readonly #texts = new Map<string, Key>()
  readonly #bytes = new Map<string, Key>()

  get(key: Key): Key | undefined {
    return typeof key === 'string' ? this.#texts.get(key) : this.#bytes.get(key.toString('base64'))
  }

  set(key: Key, to: Key): void {
    if (typeof key === 'string') this.#texts.set(key, to)
    else this.#bytes.set(key.toString('base64'), to)
  }
}

/**
 * Reads the file; CSV when its name ends in `.csv`, where a first row `key,to` is a header. A record without `to` that
 * has an outcome is passed over, so that a plan can be a map. Throws E_USAGE that names the row, of CSV the line: what is not a row, a
 * key or new key that is empty, a key with two new keys, bytes that are not UTF-8.
 */
export async function readKeyMap(path: string, chunks: AsyncIterable<Uint8Array>): Promise<KeyMap> {
  const map = new KeyMap()
  const rows = /\.csv$/i.test(path) ? csvRows(path, chunks) : ndjsonRows(path, chunks)
  for await (const { row, where } of rows) {
    const problem = take(map, row)
    if (problem !== undefined) throw broken(path, `${where}: ${problem}`)
  }
  return map
}

function take(map: KeyMap, row: KeyRecord): string | undefined {
  const problem = recordProblem(row)
  if (problem !== undefined) return problem
  const key = recordKey(row)
  const to = recordTo(row)
  if (key === undefined || (to === undefined && row.outcome !== undefined)) return undefined
  if (to === undefined) return `${keyText(key)} has no field "to"`
  if (key.length === 0 || to.length === 0) return 'an empty key'
  const known = map.get(key)
  if (known !== undefined && !sameKey(known, to)) {
    return `${keyText(key)} has two new keys, ${keyText(known)} and ${keyText(to)}`
  }
  map.set(key, to)
  return undefined
}

interface Placed {
  readonly row: KeyRecord
  /** for a person to find it */
  readonly where: string
}

async function* ndjsonRows(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Placed> {
  const { default: ndjson } = await import('ndjson')
  let number = 0
  for await (const row of rowsOf<KeyRecord>(path, chunks, ndjson.parse() as unknown as Transform)) {
    yield { row, where: `row ${++number}` }
  }
}

async function* csvRows(path: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Placed> {
  const { parse } = await import('csv-parse')
  // Left to itself the parser takes the first line's ending for all, and the others for a part of the new key.
  const endings = ['\r\n', '\n', '\r']
  const parser = parse({ record_delimiter: endings, skip_empty_lines: true, relax_column_count: true, info: true })
  let first = true
  for await (const { record, info } of rowsOf<CsvRow>(path, chunks, parser)) {
    const [key = '', to, ...rest] = record
    const where = `line ${info.lines}`
    if (to === undefined || rest.length > 0) throw broken(path, `${where}: a row must have two columns, key and to`)
    if (!first || key !== 'key' || to !== 'to') yield { row: { key, to }, where }
    first = false
  }
}

interface CsvRow {
  readonly record: readonly string[]
  /** where the parser is, which is at the end of the row */
  readonly info: { readonly lines: number }
}

/** What the parser makes of the text; what it cannot read is E_USAGE. */
async function* rowsOf<Row>(path: string, chunks: AsyncIterable<Uint8Array>, parser: Transform): AsyncGenerator<Row> {
  pipeline(Readable.from(texts(chunks)), parser, () => {})
  try {
    for await (const row of parser) yield row as Row
  } catch (error) {
    if (error instanceof RekeyError) throw new RekeyError(error.code, `--map: ${error.message}`, { cause: error })
    throw broken(path, (error as Error).message)
  }
}

/** The chunks as text. Throws for bytes that are not UTF-8. */
async function* texts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

function broken(path: string, problem: string): RekeyError {
  return new RekeyError('E_USAGE', `--map ${path}: ${problem}`)
}
