/**
 * Which shard a key is in: a pure function of the key's bytes and the number of shards, the same on every host and
 * architecture and in every version, for the shards of one plan may be worked on by many hosts.
 */
import { Fingerprinter } from '../../record/fingerprint.ts'
import type { Key } from '../../record/key.ts'

export class Sharder {
  readonly #of: number
  readonly #fingerprinter = new Fingerprinter()

  /** `of` shards, 1 to 2^32. */
  constructor(of: number) {
    this.#of = of
  }

  /** From 0: the first 32 bits of MurmurHash3 x86 128 with seed 0, without sign, modulo the number of shards. */
  shardOf(key: Key): number {
    this.#fingerprinter.take(key, 0)
    return ((this.#fingerprinter.words[0] as number) >>> 0) % this.#of
  }
}
