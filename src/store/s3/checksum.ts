/**
 * The checksums that S3 keeps with an object when it is asked to: of the whole content, or, of an object written in parts,
 * of the parts' checksums, which says nothing without knowing the parts. Pure.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Reply } from './request.ts'

export const ALGORITHMS = ['sha256', 'sha1', 'crc64nvme', 'crc32c', 'crc32'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

/** Asks for the checksums; without it an answer does not tell them. */
export const CHECKSUM_MODE: Readonly<Record<string, string>> = { 'x-amz-checksum-mode': 'ENABLED' }

/** A checksum as an answer tells it. */
export interface Checksum {
  readonly algorithm: Algorithm
  /** base64 of its bytes, the highest first; with `-` and the number of parts where it is one of parts */
  readonly value: string
  /** of the whole content, however it was written */
  readonly isWhole: boolean
}

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

/** Takes bytes one after the other, and gives the checksum of all of them as S3 writes it. */
export interface Summing {
  add(bytes: Uint8Array): void
  value(): string
}

/** Undefined for the algorithms that this runtime has no code for. */
export function summing(algorithm: Algorithm): Summing | undefined {
  if (algorithm === 'crc32') return new Crc32()
  if (algorithm !== 'sha256' && algorithm !== 'sha1') return undefined
  const hash = createHash(algorithm)
  return { add: (bytes) => void hash.update(bytes), value: () => hash.digest('base64') }
}

class Crc32 implements Summing {
  #crc = 0

  add(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc)
  }

  value(): string {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(this.#crc)
    return bytes.toString('base64')
  }
}

/** The CRC32 of a piece as S3 writes it. */
export function crc32Of(piece: Uint8Array): string {
  const sum = new Crc32()
  sum.add(piece)
  return sum.value()
}
