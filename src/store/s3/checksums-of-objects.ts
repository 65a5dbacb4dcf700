/** The checksums that a server keeps of whole objects: they compare contents that have etags of different kinds. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Checksums } from '../contract.ts'
import { CHECKSUM_MODE, checksumsIn } from './checksum.ts'
import type { Bucket } from './connection.ts'
import { nameOf } from './key-name.ts'
import { head } from './look-up.ts'

/** One answer per key, by a HEAD each. What cannot be looked at has none. Never throws. */
export function checksumsOf(bucket: Bucket, keys: readonly Key[], signal: AbortSignal): Promise<readonly Checksums[]> {
  return Promise.all(keys.map((key) => checksumsOfOne(bucket, key, signal)))
}

async function checksumsOfOne(bucket: Bucket, key: Key, signal: AbortSignal): Promise<Checksums> {
  const name = nameOf(key)
  if (typeof name !== 'string') return {}
  const found = await head(bucket, name, signal, CHECKSUM_MODE)
  if (found === undefined || found instanceof RekeyError) return {}
  const whole = checksumsIn(found.headers ?? {}).filter(({ isWhole }) => isWhole)
  return Object.fromEntries(
    whole.map(({ algorithm, value }) => [algorithm, Buffer.from(value, 'base64').toString('hex')]),
  )
}
