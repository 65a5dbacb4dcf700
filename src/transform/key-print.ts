/** The fingerprint of a key in 32 bits: MurmurHash3 x86 32 bit (Austin Appleby, public domain) over its UTF-8 bytes. */

const C1 = 0xcc9e2d51
const C2 = 0x1b873593

/** As a signed integer. Two keys may have the same one. */
export function printOf(bytes: DataView, start: number, length: number, seed: number): number {
  let hash = seed
  const end = start + length
  const wholeEnd = start + (length & ~3)
  let at = start
  for (; at < wholeEnd; at += 4) {
    hash ^= mixed(bytes.getInt32(at, true))
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let shift = 0; at < end; at++, shift += 8) rest |= bytes.getUint8(at) << shift
  hash ^= mixed(rest) ^ length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function mixed(word: number): number {
  const once = Math.imul(word, C1)
  return Math.imul((once << 15) | (once >>> 17), C2)
}
