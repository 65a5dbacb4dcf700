/**
 * Lists the elements of a JSON file in the file's order. Holds a chunk of the file, the elements that it completes, and
 * 12 to 16 bytes an element, by which keys that come again are found.
 */
import { stat } from 'node:fs/promises'
import type { Token } from 'stream-json/core/parser.js'
import { RekeyError } from '../../record/errors.ts'
import { FingerprintSet } from '../../record/fingerprint-set.ts'
import { keyText } from '../../record/key.ts'
import type { Entry, Range } from '../contract.ts'
import { compileGlob } from '../glob.ts'
import { MOST_NESTED } from '../value.ts'
import type { Element } from './element.ts'
import { ElementReader } from './element-reader.ts'
import { jsonTokens } from './json-tokens.ts'
import type { JsonLocation } from './location.ts'
import { fragmentOf } from './location.ts'
import type { Shape } from './shape.ts'
import { Survey } from './shape.ts'

/** Names under which nothing but a value a line is expected. */
const LINES = /\.(ndjson|jsonl)$/i

/**
 * Each key once; those that come again are counted, and `warn` is told at the end. Throws E_LOCATION where there is no such
 * file or array, E_FIELD for an element without a key, E_INPUT for what is not JSON; what came before stands.
 */
export async function* listJson(
  file: JsonLocation,
  range: Range,
  signal: AbortSignal,
  warn: (message: string) => void,
): AsyncGenerator<readonly Entry[]> {
  if (range.type !== undefined)
    throw new RekeyError('E_UNSUPPORTED', '--type: the elements of a JSON file have no type')
  const matches = range.match === undefined ? () => true : compileGlob(range.match)
  const values = range.values === true
  const repeated = new Repeated()
  let number = 0
  for await (const elements of elementsOf(file, values, signal)) {
    const entries: Entry[] = []
    let problem: RekeyError | undefined
    for (const element of elements) {
      problem = problemOf(element, file, ++number)
      if (problem !== undefined) break
      const key = element.key as string
      if (!repeated.isNew(key, number) || !matches(key)) continue
      entries.push(values ? { key, value: { value: element.value } } : { key })
    }
    if (entries.length > 0) yield entries
    if (problem !== undefined) throw problem
    if (signal.aborted) return
  }
  const message = repeated.toText()
  if (message !== undefined) warn(`${file.location}: ${message}`)
}

async function* elementsOf(
  file: JsonLocation,
  values: boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly Element[]> {
  let reader: ElementReader | undefined
  const { keyPath, path } = file
  for await (const tokens of jsonTokens(path)) {
    reader ??= new ElementReader({ shape: await shapeOf(file, tokens[0] as Token), keyPath, values, path })
    yield reader.take(tokens)
    if (signal.aborted) return
  }
  // A file of no value is a list of none, as an empty NDJSON file is.
  if (reader === undefined || reader.found) return
  throw new RekeyError('E_LOCATION', `${path} has no #${fragmentOf(file.arrayPath ?? [])}`)
}

/** Where the elements are, which the location says, or the name of the file, or its first value, or all of it. */
async function shapeOf({ path, arrayPath }: JsonLocation, first: Token): Promise<Shape> {
  if (arrayPath !== undefined) return { kind: 'array', path: arrayPath }
  if (LINES.test(path)) return { kind: 'values' }
  if (first.name === 'startArray') return { kind: 'array', path: [] }
  if (first.name !== 'startObject') return { kind: 'values' }
  await checkIsFile(path)
  const arrays = await arraysOf(path)
  const [only] = arrays ?? []
  if (arrays === undefined) return { kind: 'values' }
  if (only !== undefined && arrays.length === 1) return { kind: 'array', path: only }
  throw new RekeyError('E_LOCATION', `${path}: ${whichOf(arrays)}`)
}

/** What a pipe has given to one reading, no other one gets. Throws E_LOCATION. */
async function checkIsFile(path: string): Promise<void> {
  if ((await stat(path)).isFile()) return
  const message = `${path} begins with an object and is no file, so it cannot be read twice: name the array behind it, as #customers, or give a file`
  throw new RekeyError('E_LOCATION', message)
}

/** The arrays of a file that begins with an object; undefined where another value comes behind that. */
async function arraysOf(path: string): Promise<readonly (readonly string[])[] | undefined> {
  const survey = new Survey()
  for await (const tokens of jsonTokens(path)) if (survey.take(tokens)) break
  return survey.arrays
}

function whichOf(arrays: readonly (readonly string[])[]): string {
  if (arrays.length === 0)
    return 'an object without an array in it; a file with a value a line is named .ndjson or .jsonl'
  const fragments = arrays.slice(0, MOST_NAMED).map((names) => `#${fragmentOf(names)}`)
  const more = arrays.length > fragments.length ? ' and more' : ''
  return `which array? Name one behind the file: ${fragments.join(', ')}${more}`
}

const MOST_NAMED = 20

/** Why an element cannot be listed, and what to do about it. */
function problemOf(element: Element, { path, keyPath }: JsonLocation, number: number): RekeyError | undefined {
  const { key, kind, twice, tooDeep } = element
  const name = `${path}: element ${number}`
  const refused = (problem: string) => new RekeyError('E_FIELD', `${name} ${problem}`)
  if (twice !== undefined) return refused(`has the member ${keyText(twice)} twice, and one of them would be lost`)
  if (tooDeep)
    return refused(`is nested more than ${MOST_NESTED} deep, which no record holds: list it without --values`)
  if (key?.isWellFormed()) return undefined
  if (key !== undefined) return refused('has a key with half a surrogate pair, which no store can hold')
  if (kind !== 'object') return refused(`is ${kind}: a key is text, a number, or a member of an object`)
  if (keyPath !== undefined) return refused(`has no ${fragmentOf(keyPath)} that is text or a number`)
  const message = `${name} is an object: name the member that is its key behind the file, as in #customers/id, or #/id`
  return new RekeyError('E_LOCATION', message)
}

/** Keys that come again. */
class Repeated {
  readonly #seen = new FingerprintSet()
  #count = 0
  #first = ''

  isNew(key: string, number: number): boolean {
    if (this.#seen.add(key)) return true
    if (this.#count++ === 0) this.#first = `element ${number}, ${keyText(key)}`
    return false
  }

  toText(): string | undefined {
    if (this.#count === 0) return undefined
    const what = this.#count === 1 ? 'one element has' : `${this.#count.toLocaleString('en-US')} elements have`
    return `${what} a key that came before and was left out; the first is ${this.#first}`
  }
}
