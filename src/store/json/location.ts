/** `json:FILE#ARRAY/MEMBER`, as a user may write it: which file, which array in it, which member is the key. Touches nothing. */
import { resolve } from 'node:path'
import { RekeyError } from '../../record/errors.ts'

export interface JsonLocation {
  /** absolute */
  readonly path: string
  /** names of the members that lead to the array; undefined where none are given: the file tells */
  readonly arrayPath: readonly string[] | undefined
  /** names of the members that lead to the key of an element that is an object */
  readonly keyPath: readonly string[] | undefined
  /** as records carry it */
  readonly location: string
}

/**
 * Takes `json:./file.json`, `json:/abs/file.json`, `json:///abs/file.json`, each with `#ARRAY`, `#ARRAY/MEMBER` or
 * `#/MEMBER` behind it. A dot separates names; behind a backslash a dot, slash or backslash belongs to the name. The last
 * `#` counts. Nothing is percent-decoded. Throws E_LOCATION.
 */
export function parseJsonLocation(location: string): JsonLocation {
  const [, file = '', fragment] = /^json:(.*?)(?:#([^#]*))?$/is.exec(location) ?? []
  if (file === '') throw refused(location, 'it names no file; write json:./customers.json')
  if (file.includes('\0')) throw refused(location, 'a file cannot have a NUL in its name')
  if (/^\/\/[^/]/.test(file)) {
    throw refused(location, 'it names a host, and files are of this one; write json:/abs/file.json or json:./file.json')
  }
  const path = resolve(file.replace(/^\/+/, '/'))
  const [array = '', key, ...more] = splitUnescaped(fragment ?? '', '/')
  if (more.length > 0) throw refused(location, `a name with a slash in it is written with \\/`)
  return {
    path,
    arrayPath: namesOf(array, location),
    keyPath: key === undefined ? undefined : (namesOf(key, location) ?? missingKey(location)),
    location: `json:${path}${fragment === undefined && !path.includes('#') ? '' : `#${fragment ?? ''}`}`,
  }
}

/** `a.b` for names; what `parseJsonLocation` reads as these names again. */
export function fragmentOf(names: readonly string[]): string {
  return names.map((name) => name.replace(/[\\./]/g, '\\$&')).join('.')
}

function namesOf(dotted: string, location: string): readonly string[] | undefined {
  if (dotted === '') return undefined
  const names = splitUnescaped(dotted, '.').map((name) => name.replace(/\\(.)/gs, '$1'))
  if (names.includes('')) throw refused(location, `"${dotted}" has an empty name in it`)
  return names
}

function splitUnescaped(text: string, separator: '.' | '/'): string[] {
  const pieces = ['']
  for (const [token] of text.matchAll(/\\.|./gs)) {
    if (token === separator) pieces.push('')
    else pieces.push(pieces.pop() + token)
  }
  return pieces
}

function missingKey(location: string): never {
  throw refused(location, 'a member is missing behind the slash; write #customers/id')
}

function refused(location: string, problem: string): RekeyError {
  return new RekeyError('E_LOCATION', `"${location}": ${problem}`)
}
