/** Checksums as S3 writes them, a bit at a time: to hold against those that have tables. */
import { createHash } from 'node:crypto'
import type { Checksum } from '../../../src/store/contract.ts'

export type Algorithm = Checksum['algorithm']

/** Its polynomial, reversed, and its bits. */
const CRCS = {
  crc32: [0xedb88320n, 32n],
  crc32c: [0x82f63b78n, 32n],
  crc64nvme: [0x9a6c9329ac4bc9b5n, 64n],
} as const

/** base64 of its bytes, the highest first */
export function sumOf(bytes: Uint8Array, algorithm: Algorithm = 'crc32'): string {
  if (algorithm === 'sha256' || algorithm === 'sha1') return createHash(algorithm).update(bytes).digest('base64')
  const [polynomial, bits] = CRCS[algorithm]
  const all = (1n << bits) - 1n
  let crc = all
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n
  }
  const hex = (crc ^ all).toString(16).padStart(Number(bits) / 4, '0')
  return Buffer.from(hex, 'hex').toString('base64')
}

/** Of parts: the checksum of their checksums, and their number. */
export function sumOfParts(parts: readonly Uint8Array[], algorithm: Algorithm): string {
  const sums = parts.map((part) => Buffer.from(sumOf(part, algorithm), 'base64'))
  return `${sumOf(Buffer.concat(sums), algorithm)}-${parts.length}`
}
