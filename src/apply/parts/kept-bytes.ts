/** Bytes that are only added to and read again: in memory while they are few, in a scratch file beyond. Holds 4 MiB. */
import type { Scratch } from '../../stage/stage.ts'

const MOST_BYTES = 4 * 1024 * 1024

export class KeptBytes {
  readonly #openScratch: () => Promise<Scratch>
  #chunks: Uint8Array[] = []
  #bytes = 0
  #scratch: Scratch | undefined

  constructor(openScratch: () => Promise<Scratch>) {
    this.#openScratch = openScratch
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /** The memory of `bytes` is not to be changed afterwards. */
  async append(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length
    if (this.#scratch !== undefined) this.#scratch.append(bytes)
    else this.#chunks.push(bytes)
    if (this.#bytes > MOST_BYTES) await this.file()
  }

  /** Everything from the beginning; any number of times. */
  async *stream(): AsyncGenerator<Uint8Array> {
    if (this.#scratch === undefined) yield* this.#chunks
    else yield* this.#scratch.stream()
  }

  /** The same as a file, for a command to read. */
  async file(): Promise<Scratch> {
    if (this.#scratch !== undefined) return this.#scratch
    const scratch = await this.#openScratch()
    this.#scratch = scratch
    for (const chunk of this.#chunks) scratch.append(chunk)
    this.#chunks = []
    return scratch
  }

  close(): void {
    this.#chunks = []
    this.#scratch?.close()
  }
}
