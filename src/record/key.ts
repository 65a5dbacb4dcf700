/**
 * A key: a string where its bytes are valid UTF-8, the bytes themselves where they are not.
 * A key has exactly one of the two forms, so equal keys compare equal; `keyOf` sees to that.
 */
import { isUtf8 } from 'node:buffer'

export type Key = string | Buffer

/** The key that these bytes are: a string when they are valid UTF-8. */
export function keyOf(bytes: Buffer): Key {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes
}

export function keyBytes(key: Key): Buffer {
  return typeof key === 'string' ? Buffer.from(key, 'utf8') : key
}

/** A key for a person to read, in a message: quoted, and base64 behind `64:` where it is not text. */
export function keyText(key: Key): string {
  return typeof key === 'string' ? JSON.stringify(key) : `64:${key.toString('base64')}`
}

export function sameKey(a: Key, b: Key): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.equals(b)
}

/** Order by bytes, as an ordered listing has it. */
export function compareKeys(a: Key, b: Key): number {
  return Buffer.compare(keyBytes(a), keyBytes(b))
}
