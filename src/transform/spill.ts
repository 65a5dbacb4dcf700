/** Bytes that are only added to: in memory while they are few, in a scratch file when they are many. */
import type { Scratch } from '../stage/stage.ts'

/** Beyond this the bytes go to the file, and the buffer is used again. */
export const SPILL_BYTES = 1024 * 1024

export class Spill {
  /** the bytes from `base` on; the same memory as `words` and `view` */
  bytes = Buffer.alloc(64 * 1024)
  words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length >> 2)
  view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
  /** how many of `bytes` are in use */
  used = 0
  readonly #openScratch: () => Promise<Scratch>
  #scratch: Scratch | undefined
  #base = 0

  constructor(openScratch: () => Promise<Scratch>) {
    this.#openScratch = openScratch
  }

  /** how many bytes have gone to the file */
  get base(): number {
    return this.#base
  }

  get length(): number {
    return this.#base + this.used
  }

  /** Sees to it that `count` bytes more fit behind those in use. */
  reserve(count: number): void {
    const needed = this.used + count
    if (needed <= this.bytes.length) return
    const larger = Buffer.alloc((Math.max(needed, this.bytes.length * 2) + 7) & ~7)
    this.bytes.copy(larger, 0, 0, this.used)
    this.bytes = larger
    this.words = new Int32Array(larger.buffer, larger.byteOffset, larger.length >> 2)
    this.view = new DataView(larger.buffer, larger.byteOffset, larger.length)
  }

  /** Whether there is so much in memory that `spill` is due. */
  get isFull(): boolean {
    return this.used > SPILL_BYTES
  }

  /** Moves what is in memory to the file. */
  async spill(): Promise<void> {
    this.#scratch ??= await this.#openScratch()
    this.#scratch.append(this.bytes.subarray(0, this.used))
    this.#base += this.used
    this.used = 0
  }

  /** Bytes that have gone to the file. */
  read(into: Uint8Array, position: number): void {
    for (let at = 0; at < into.length; ) {
      const count = this.#scratch?.read(into.subarray(at), position + at) ?? 0
      if (count === 0) throw new Error('the scratch file is shorter than what was written to it')
      at += count
    }
  }

  /** Everything from the beginning. */
  async *stream(): AsyncGenerator<Uint8Array> {
    if (this.#scratch !== undefined) yield* this.#scratch.stream()
    if (this.used > 0) yield this.bytes.subarray(0, this.used)
  }

  close(): void {
    this.#scratch?.close()
    this.#scratch = undefined
  }
}
