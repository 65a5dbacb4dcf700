/** Looks at keys as the contract has it. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Looked } from '../contract.ts'
import type { Bucket } from './connection.ts'
import { lookUp } from './look-up.ts'
import { entryOf } from './stored-object.ts'

export async function statObjects(
  bucket: Bucket,
  keys: readonly Key[],
  signal: AbortSignal,
): Promise<readonly Looked[]> {
  const entries: Looked[] = []
  for (const one of await lookUp(bucket, keys, signal)) {
    entries.push(one === undefined || one instanceof RekeyError ? one : entryOf(one, bucket.place))
  }
  return entries
}
