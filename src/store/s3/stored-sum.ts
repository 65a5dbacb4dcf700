/** By what the content of an answer is held against what is stored. Pure. */
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
  agrees(): boolean
}

/**
 * | etag | checksum | held against |
 * |---|---|---|
 * | the MD5 of the content | any | the etag |
 * | of parts, or encrypted with a key of KMS or of a customer | of the whole, and one that can be computed here | the checksum |
 * | the same | another, or none | nothing: undefined |
 */
export function storedSum(etag: string, headers: Reply['headers']): StoredSum | undefined {
  if (isPlainEtag(etag) && !isKms(headers) && !isCustomerKey(headers)) {
    const md5 = createHash('md5')
    return { name: 'MD5', add: (bytes) => void md5.update(bytes), agrees: () => md5.digest('hex') === etag }
  }
  for (const { algorithm, value, isWhole } of checksumsIn(headers)) {
    const sum = isWhole ? summing(algorithm) : undefined
    if (sum === undefined) continue
    return { name: algorithm.toUpperCase(), add: (bytes) => sum.add(bytes), agrees: () => sum.value() === value }
  }
  return undefined
}

function isCustomerKey(headers: Reply['headers']): boolean {
  return headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
}
