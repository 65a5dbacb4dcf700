/** The slot of a cluster that a key belongs to: CRC16/XMODEM of the key, or of its hash tag, modulo 16384. Pure. */
import type { Key } from '../../record/key.ts'
import { keyBytes } from '../../record/key.ts'

export const SLOTS = 16384

const OPEN = 0x7b
const CLOSE = 0x7d

export function slotOf(key: Key): number {
  return crc16(hashTag(keyBytes(key))) % SLOTS
}

/** What stands between the first `{` and the next `}`, unless that is nothing; otherwise the whole key. */
function hashTag(key: Buffer): Buffer {
  const open = key.indexOf(OPEN)
  if (open === -1) return key
  const close = key.indexOf(CLOSE, open + 1)
  return close > open + 1 ? key.subarray(open + 1, close) : key
}

function crc16(bytes: Buffer): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff
  }
  return crc
}
