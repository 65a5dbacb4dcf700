/** By what the content of an answer is held against what is stored. */
import { createHash } from 'node:crypto'
import { checksumsIn, summing } from './checksum.ts'
import { isKms } from './encryption.ts'
import type { Reply } from './request.ts'
import { isPlainEtag } from './stored-object.ts'

export interface StoredSum {
  /** as messages call it */
  readonly name: string
  add(bytes: Uint8Array): void
  /** whether what was added is what is stored */
  agrees(): Promise<boolean>
}

/**
 * | etag | checksum | held against |
 * |---|---|---|
 * | the MD5 of the content | any | the etag |
 * | of parts, or encrypted with a key of KMS or of a customer | of the whole | the checksum, the strongest of several |
 * | the same | of parts, or none | nothing: undefined |
 */
export async function storedSum(etag: string, headers: Reply['headers']): Promise<StoredSum | undefined> {
  if (isPlainEtag(etag) && !isKms(headers) && !isCustomerKey(headers)) {
    const md5 = createHash('md5')
    return { name: 'MD5', add: (bytes) => void md5.update(bytes), agrees: async () => md5.digest('hex') === etag }
  }
  const stored = checksumsIn(headers).find(({ isWhole }) => isWhole)
  if (stored === undefined) return undefined
  const sum = await summing(stored.algorithm)
  return {
    name: stored.algorithm.toUpperCase(),
    add: (bytes) => sum.add(bytes),
    agrees: async () => (await sum.value()) === stored.value,
  }
}

function isCustomerKey(headers: Reply['headers']): boolean {
  return headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
}
