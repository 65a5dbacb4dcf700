/**
 * Digests of contents without reading them: from the etags. Equal ones mean equal contents; two that are of different
 * kinds say nothing.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Digested } from '../contract.ts'
import type { Bucket } from './connection.ts'
import type { Encryption } from './encryption.ts'
import { headEach, lookUp } from './look-up.ts'
import type { StoredObject } from './stored-object.ts'

export async function digestObjects(
  bucket: Bucket,
  encryption: Encryption,
  keys: readonly Key[],
  signal: AbortSignal,
  closely = false,
): Promise<readonly Digested[]> {
  const found = closely ? await headEach(bucket, keys, signal) : await lookUp(bucket, keys, signal)
  const objects = found.filter((one): one is StoredObject => one !== undefined && !(one instanceof RekeyError))
  for (const object of closely ? objects : objects.slice(0, 1)) await encryption.learn(object, signal)
  return found.map((one) => (one === undefined || one instanceof RekeyError ? one : encryption.digestOf(one)))
}
