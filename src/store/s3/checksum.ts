/**
 * The checksums that S3 keeps with an object when it is asked to: of the whole content, or, of an object written in parts,
 * of the parts' checksums, which says nothing without knowing the parts. Pure.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Checksum } from '../contract.ts'
import type { Reply } from './request.ts'

export type Algorithm = Checksum['algorithm']
/** the strongest first */
export const ALGORITHMS: readonly Algorithm[] = ['sha256', 'sha1', 'crc64nvme', 'crc32c', 'crc32']

/** Asks for the checksums; without it an answer does not tell them. */
export const CHECKSUM_MODE: Readonly<Record<string, string>> = { 'x-amz-checksum-mode': 'ENABLED' }

/** All that an answer tells, the strongest first. */
export function checksumsIn(headers: Reply['headers']): readonly Checksum[] {
  const isOfParts = headers['x-amz-checksum-type'] === 'COMPOSITE'
  return ALGORITHMS.flatMap((algorithm) => {
    const value = headers[headerOf(algorithm)]
    return value === undefined ? [] : [{ algorithm, value, isWhole: !isOfParts && !value.includes('-') }]
  })
}

/** The header that holds a checksum. */
export function headerOf(algorithm: Algorithm): string {
  return `x-amz-checksum-${algorithm}`
}

/**
 * The headers by which an upload in parts keeps a checksum: of its whole content, which S3 makes from those of the parts for
 * CRCs alone, or of the parts' checksums.
 */
export function uploadHeaders(algorithm: Algorithm, isWhole: boolean): Record<string, string> {
  const type = isWhole && algorithm.startsWith('crc') ? 'FULL_OBJECT' : 'COMPOSITE'
  return { 'x-amz-checksum-algorithm': algorithm.toUpperCase(), 'x-amz-checksum-type': type }
}

/** Takes bytes one after the other, and gives the checksum of all of them as S3 writes it. */
export interface Summing {
  add(bytes: Uint8Array): void
  value(): Promise<string>
}

/** Those that the runtime has no code for come from Amazon's, which is loaded when it is wanted. */
export async function summing(algorithm: Algorithm): Promise<Summing> {
  if (algorithm === 'crc32') return new Crc32()
  if (algorithm === 'sha256' || algorithm === 'sha1') {
    const hash = createHash(algorithm)
    return { add: (bytes) => void hash.update(bytes), value: async () => hash.digest('base64') }
  }
  const { Crc32c, Crc64Nvme } = await import('@aws-sdk/checksums/crc')
  const sum = algorithm === 'crc32c' ? new Crc32c() : new Crc64Nvme()
  return {
    add: (bytes) => sum.update(bytes),
    value: async () => Buffer.from(await sum.digest()).toString('base64'),
  }
}

/** The checksum of a piece as S3 writes it. */
export async function sumOf(algorithm: Algorithm, piece: Uint8Array): Promise<string> {
  const sum = await summing(algorithm)
  sum.add(piece)
  return await sum.value()
}

class Crc32 implements Summing {
  #crc = 0

  add(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc)
  }

  async value(): Promise<string> {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(this.#crc)
    return bytes.toString('base64')
  }
}
