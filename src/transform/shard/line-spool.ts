/**
 * Lines, each with a number, that wait until it is known where they go: in memory while they are few, in a scratch file
 * otherwise. Holds a megabyte.
 */
import type { Scratch } from '../../stage/stage.ts'
import { Spill } from '../spill.ts'

/** Before each line: its number and how many bytes it has. */
const HEAD_BYTES = 8
const MAX_CHAR_BYTES = 3

export class LineSpool {
  readonly #spill: Spill

  constructor(openScratch: () => Promise<Scratch>) {
    this.#spill = new Spill(openScratch)
  }

  add(number: number, text: string): void {
    const spill = this.#spill
    spill.reserve(HEAD_BYTES + text.length * MAX_CHAR_BYTES + 1)
    const start = spill.used + HEAD_BYTES
    const length = spill.bytes.write(text, start, 'utf8') + 1
    spill.bytes[start + length - 1] = 0x0a
    spill.bytes.writeUInt32LE(number, spill.used)
    spill.bytes.writeUInt32LE(length, spill.used + 4)
    spill.used = start + length
  }

  /** Lets go of what need not be in memory; to be called between batches. */
  async settle(): Promise<void> {
    if (this.#spill.isFull) await this.#spill.spill()
  }

  /** Every line with its newline, in order; what it is called with holds until it returns. */
  async drain(take: (number: number, line: Buffer) => Promise<void> | undefined): Promise<void> {
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of this.#spill.stream()) {
      const bytes =
        rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength) : Buffer.concat([rest, chunk])
      let at = 0
      while (at + HEAD_BYTES <= bytes.length) {
        const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 4)
        if (end > bytes.length) break
        const full = take(bytes.readUInt32LE(at), bytes.subarray(at + HEAD_BYTES, end))
        if (full !== undefined) await full
        at = end
      }
      rest = bytes.subarray(at)
    }
  }

  close(): void {
    this.#spill.close()
  }
}
