/** Whether S3 can hold a key of this name: UTF-8 of 1 to 1,024 bytes. Pure. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'

const MOST_BYTES = 1024

/** The key as S3 names it, or E_NAME. */
export function nameOf(key: Key): string | RekeyError {
  if (typeof key !== 'string' || !key.isWellFormed()) return unfit(key, 'is not UTF-8, as S3 wants its keys')
  if (key === '') return unfit(key, 'is empty')
  // No character of a string takes more than three bytes of UTF-8.
  if (key.length * 3 <= MOST_BYTES) return key
  const bytes = Buffer.byteLength(key, 'utf8')
  return bytes <= MOST_BYTES ? key : unfit(key, `is ${bytes} bytes long; S3 takes ${MOST_BYTES}`)
}

function unfit(key: Key, says: string): RekeyError {
  return new RekeyError('E_NAME', `key ${keyText(key)} ${says}`)
}
