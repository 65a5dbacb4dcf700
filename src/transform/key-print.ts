/**
 * The fingerprint under which the claim table knows a key: MurmurHash64B (Austin Appleby, public domain) over its UTF-8
 * bytes. Two keys may have the same one.
 */

const M = 0x5bd1e995

/** Leaves the fingerprint of the bytes under a seed of 32 bits in two words of `into`, from index `at` on. */
export function printKey(bytes: DataView, start: number, length: number, seed: number, into: Int32Array, at: number) {
  let h1 = seed ^ length
  let h2 = 0
  const end = start + length
  let here = start
  for (; here + 8 <= end; here += 8) {
    h1 = Math.imul(h1, M) ^ mixed(bytes.getInt32(here, true))
    h2 = Math.imul(h2, M) ^ mixed(bytes.getInt32(here + 4, true))
  }
  if (here + 4 <= end) {
    h1 = Math.imul(h1, M) ^ mixed(bytes.getInt32(here, true))
    here += 4
  }
  if (here < end) {
    let rest = 0
    for (let shift = 0; here < end; here++, shift += 8) rest |= bytes.getUint8(here) << shift
    h2 = Math.imul(h2 ^ rest, M)
  }
  h1 = Math.imul(h1 ^ (h2 >>> 18), M)
  h2 = Math.imul(h2 ^ (h1 >>> 22), M)
  h1 = Math.imul(h1 ^ (h2 >>> 17), M)
  h2 = Math.imul(h2 ^ (h1 >>> 19), M)
  into[at] = h1
  into[at + 1] = h2
}

function mixed(word: number): number {
  const once = Math.imul(word, M)
  return Math.imul(once ^ (once >>> 24), M)
}
