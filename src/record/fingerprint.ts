/**
 * Names a key in 16 bytes: MurmurHash3 x86 128 bit (Austin Appleby, public domain) over its UTF-8 bytes.
 * Not for secrets, and not against people who choose keys so that they collide.
 */
import type { Key } from './key.ts'

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

/** Hashes one key after the other without allocating: `words` is overwritten by each call. */
export class Fingerprinter {
  /** the four 32-bit words of the last key, as signed integers */
  readonly words = new Int32Array(4)
  #bytes = Buffer.alloc(4096)
  #blocks = new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset, 1024)

  /** Leaves the fingerprint of `key` under `seed` (32 bits) in `words`. */
  take(key: Key, seed: number): void {
    const length = this.#load(key)
    this.takeWords(this.#blocks, 0, length, seed)
  }

  /**
   * The same for a key whose bytes stand in `blocks` from the word `first` on; `length` counts bytes, and the 16 bytes
   * behind them must be zero.
   */
  takeWords(blocks: Int32Array, first: number, length: number, seed: number): void {
    let h1 = seed | 0
    let h2 = h1
    let h3 = h1
    let h4 = h1
    const last = first + ((length >> 4) << 2)
    for (let at = first; at < last; at += 4) {
      h1 = mix(h1, blocks[at] as number, C1, 15, C2)
      h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0
      h2 = mix(h2, blocks[at + 1] as number, C2, 16, C3)
      h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0
      h3 = mix(h3, blocks[at + 2] as number, C3, 17, C4)
      h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0
      h4 = mix(h4, blocks[at + 3] as number, C4, 18, C1)
      h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0
    }
    // The bytes behind the key are zero up to the next block, and a zero word mixes nothing in.
    h4 = mix(h4, blocks[last + 3] as number, C4, 18, C1) ^ length
    h3 = mix(h3, blocks[last + 2] as number, C3, 17, C4) ^ length
    h2 = mix(h2, blocks[last + 1] as number, C2, 16, C3) ^ length
    h1 = mix(h1, blocks[last] as number, C1, 15, C2) ^ length
    h1 = (h1 + h2 + h3 + h4) | 0
    h2 = (h2 + h1) | 0
    h3 = (h3 + h1) | 0
    h4 = (h4 + h1) | 0
    h1 = avalanche(h1)
    h2 = avalanche(h2)
    h3 = avalanche(h3)
    h4 = avalanche(h4)
    h1 = (h1 + h2 + h3 + h4) | 0
    this.words[0] = h1
    this.words[1] = h2 + h1
    this.words[2] = h3 + h1
    this.words[3] = h4 + h1
  }

  /** Writes the key's bytes and 16 zero bytes behind them; gives the key's length in bytes. */
  #load(key: Key): number {
    const bound = (typeof key === 'string' ? key.length * 3 : key.length) + 16
    if (bound > this.#bytes.length) {
      this.#bytes = Buffer.alloc((bound * 2 + 3) & ~3)
      this.#blocks = new Int32Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length >> 2)
    }
    const length = typeof key === 'string' ? this.#bytes.write(key, 'utf8') : key.copy(this.#bytes)
    for (let at = length; at < length + 16; at++) this.#bytes[at] = 0
    return length
  }
}

function mix(hash: number, word: number, first: number, turn: number, second: number): number {
  return hash ^ Math.imul(rotate(Math.imul(word, first), turn), second)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

function avalanche(word: number): number {
  let h = word ^ (word >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}
