/**
 * Keys to paths. A key is a path below the root, its components parted by `/`. What is decided here keeps every call
 * inside the root; links that lead out of it are found in parents.ts, by looking.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyBytes, keyText } from '../../record/key.ts'
import { isOurName } from './own-name.ts'

/** What node's fs takes: bytes where a name is not text. */
export type Path = string | Buffer

const MAX_COMPONENT_BYTES = 255
/** Linux's PATH_MAX without the closing NUL */
const MAX_PATH_BYTES = 4095
const SLASH = 0x2f

/** Why this cannot be the key of a file, as E_NAME or E_OUTSIDE; undefined where it can. */
export function keyProblem(root: string, key: Key): RekeyError | undefined {
  const bad = (code: 'E_NAME' | 'E_OUTSIDE', why: string) => new RekeyError(code, `key ${keyText(key)}: ${why}`)
  if (key.length === 0) return bad('E_NAME', 'an empty key names no file')
  // Bytes as Latin-1, so that one way of looking serves both forms of a key.
  const text = typeof key === 'string' ? key : key.toString('latin1')
  if (typeof key === 'string' && !key.isWellFormed()) return bad('E_NAME', 'half a surrogate pair is no text')
  if (text.includes('\0')) return bad('E_NAME', 'a file cannot have a NUL in its name')
  if (text.startsWith('/')) return bad('E_OUTSIDE', 'it begins with "/", and keys are paths below the directory')
  if (text.endsWith('/')) return bad('E_NAME', 'it ends with "/", which names a directory and not a file')
  if (root.length + text.length > MAX_PATH_BYTES / 3 && pathBytes(root, key) > MAX_PATH_BYTES) {
    return bad('E_NAME', `with its directory it is longer than the ${MAX_PATH_BYTES} bytes of a path`)
  }
  for (const component of text.split('/')) {
    if (component === '') return bad('E_NAME', 'it has an empty component ("//")')
    if (component === '..') return bad('E_OUTSIDE', 'it has the component ".."')
    if (component === '.') return bad('E_NAME', 'it has the component "."')
    if (component.length > MAX_COMPONENT_BYTES / 3 && componentBytes(key, component) > MAX_COMPONENT_BYTES) {
      return bad('E_NAME', `a component is longer than ${MAX_COMPONENT_BYTES} bytes`)
    }
    if (isOurName(component)) return bad('E_NAME', 'names like this one are kept for temporary files')
  }
  return undefined
}

/** The path of a key below a root that ends with `/`; the root itself for the empty key. */
export function pathOf(root: string, key: Key): Path {
  return typeof key === 'string' ? root + key : Buffer.concat([Buffer.from(root), key])
}

/** The key's directory, without the closing `/`; the empty key where that is the root. */
export function parentOf(key: Key): Key {
  if (typeof key === 'string') return key.slice(0, Math.max(key.lastIndexOf('/'), 0))
  const parent = key.subarray(0, Math.max(key.lastIndexOf(SLASH), 0))
  const text = parent.toString('utf8')
  return text.includes('\ufffd') && !Buffer.from(text).equals(parent) ? parent : text
}

/** `name` in the directory whose key is `directory`. */
export function childOf(directory: Key, name: Key): Key {
  if (directory.length === 0) return name
  if (typeof directory === 'string' && typeof name === 'string') return `${directory}/${name}`
  return Buffer.concat([keyBytes(directory), Buffer.from('/'), keyBytes(name)])
}

/** A string that is equal for equal keys, for maps. */
export function identityOf(key: Key): string {
  return typeof key === 'string' ? key : `\0${key.toString('latin1')}`
}

function pathBytes(root: string, key: Key): number {
  return Buffer.byteLength(root) + (typeof key === 'string' ? Buffer.byteLength(key) : key.length)
}

function componentBytes(key: Key, component: string): number {
  return typeof key === 'string' ? Buffer.byteLength(component) : component.length
}
