/**
 * A set of keys by their fingerprints: 12 to 16 bytes a key, in segments that grow one at a time, so that memory never
 * doubles. Two keys are taken for one when 96 bits of their fingerprints agree: about once in 10^14 runs over ten
 * million keys.
 */

import { Fingerprinter } from './fingerprint.ts'
import type { Key } from './key.ts'
import { letGo } from './let-go.ts'

const SEGMENTS = 256
const FIRST_SLOTS = 16
const FULL = 0.88
const GROWTH = 1.2
/** From so many slots on, a segment's memory is given back as soon as it has grown out of it. */
const LARGE = 1024

export class FingerprintSet {
  readonly #fingerprinter = new Fingerprinter()
  readonly #segments: Segment[] = Array.from({ length: SEGMENTS }, () => new Segment())
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Adds a key under a seed (the hash of what the key is relative to, 0 when nothing); false when it was there. */
  add(key: Key, seed = 0): boolean {
    const added = this.#segmentOf(key, seed).add(this.#fingerprinter.words)
    if (added) this.#size++
    return added
  }

  has(key: Key, seed = 0): boolean {
    return this.#segmentOf(key, seed).has(this.#fingerprinter.words)
  }

  /**
   * The same for many keys. In a set of millions each look waits for memory; looks that do not wait for each other are
   * several times as fast, so all slots are read once before any is searched.
   */
  hasAll(keys: readonly Key[]): boolean[] {
    const prints = new Int32Array(keys.length * 4)
    const { words } = this.#fingerprinter
    let at = 0
    for (const key of keys) {
      this.#fingerprinter.take(key, 0)
      prints[at++] = words[0] as number
      prints[at++] = words[1] as number
      prints[at++] = words[2] as number
      prints[at++] = words[3] as number
    }
    this.#touch(prints)
    return keys.map((_, index) => this.#segmentAt(prints, index * 4).has(prints, index * 4))
  }

  /** The sum keeps the reads from being left out as useless. */
  #touch(prints: Int32Array): number {
    let sum = 0
    for (let at = 0; at < prints.length; at += 4) sum += this.#segmentAt(prints, at).touch(prints, at)
    return sum
  }

  #segmentAt(prints: Int32Array, at: number): Segment {
    return this.#segments[(prints[at + 3] as number) & (SEGMENTS - 1)] as Segment
  }

  #segmentOf(key: Key, seed: number): Segment {
    this.#fingerprinter.take(key, seed)
    return this.#segments[(this.#fingerprinter.words[3] as number) & (SEGMENTS - 1)] as Segment
  }
}

/** An open-addressed table of three words a slot; a slot whose first word is zero is free. */
class Segment {
  #slots = new Int32Array(FIRST_SLOTS * 3)
  #used = 0

  add(words: Int32Array): boolean {
    if (this.#used >= (this.#slots.length / 3) * FULL) this.#grow()
    const at = find(this.#slots, words, 0)
    if (!isFree(this.#slots, at)) return false
    place(this.#slots, at, words, 0)
    this.#used++
    return true
  }

  has(words: Int32Array, from = 0): boolean {
    return !isFree(this.#slots, find(this.#slots, words, from))
  }

  /** What stands in the slot at which a search would begin. */
  touch(words: Int32Array, from: number): number {
    return this.#slots[home(this.#slots, nonZero(words[from] as number))] as number
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(Math.ceil((old.length / 3) * GROWTH + 1) * 3)
    for (let from = 0; from < old.length; from += 3) {
      if (!isFree(old, from)) place(this.#slots, find(this.#slots, old, from), old, from)
    }
    if (old.length >= LARGE * 3) letGo(old)
  }
}

/** The index of the slot that holds the three words at `from`, or of the free one where they would go. */
function find(slots: Int32Array, words: Int32Array, from: number): number {
  const a = nonZero(words[from] as number)
  const b = words[from + 1] as number
  const c = words[from + 2] as number
  let at = home(slots, a)
  while (!isFree(slots, at) && !(slots[at] === a && slots[at + 1] === b && slots[at + 2] === c)) {
    at += 3
    if (at === slots.length) at = 0
  }
  return at
}

/** Where the search for a first word begins. */
function home(slots: Int32Array, word: number): number {
  return Math.floor(((word >>> 0) / 0x1_0000_0000) * (slots.length / 3)) * 3
}

function place(slots: Int32Array, at: number, words: Int32Array, from: number): void {
  slots[at] = nonZero(words[from] as number)
  slots[at + 1] = words[from + 1] as number
  slots[at + 2] = words[from + 2] as number
}

function isFree(slots: Int32Array, at: number): boolean {
  return slots[at] === 0
}

function nonZero(word: number): number {
  return word === 0 ? 1 : word
}
