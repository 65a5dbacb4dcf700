/**
 * The lines of every part, until they are written: the parts share one scratch file, in which each has its blocks. Holds a
 * block of each part, 16 MB together or 4 kB a part, and where the blocks are.
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { Scratch } from '../../stage/stage.ts'

const HELD_BYTES = 16 * 1024 * 1024
const LEAST_BLOCK = 4 * 1024
const MOST_BLOCK = 64 * 1024
const NEWLINE = 0x0a

/** What a manifest says of a part. */
export interface PartSummary {
  readonly count: number
  readonly sizeBytes: number
  /** hex */
  readonly sha256: string
}

interface Part {
  readonly block: Buffer
  used: number
  /** position and length of each block in the file, by turns */
  readonly blocks: number[]
  readonly hash: Hash
  count: number
  sizeBytes: number
}

export class PartSpool {
  readonly #parts: (Part | undefined)[]
  readonly #blockBytes: number
  readonly #openScratch: () => Promise<Scratch>
  #scratch: Scratch | undefined
  #end = 0

  constructor(parts: number, openScratch: () => Promise<Scratch>) {
    this.#parts = Array.from({ length: parts }, () => undefined)
    this.#blockBytes = Math.min(MOST_BLOCK, Math.max(LEAST_BLOCK, Math.floor(HELD_BYTES / parts)))
    this.#openScratch = openScratch
  }

  /** Adds a line with its newline. A promise where the file must take a block first. */
  add(number: number, line: Buffer): Promise<void> | undefined {
    const part = this.#partOf(number)
    part.count++
    part.sizeBytes += line.length
    if (part.used + line.length > part.block.length) return this.#addBehindBlock(part, line)
    part.used += line.copy(part.block, part.used)
    return undefined
  }

  /** The same for a line's text, without its newline. */
  addText(number: number, text: string): Promise<void> | undefined {
    const part = this.#partOf(number)
    // A character takes three bytes at most; where that may not fit, it is counted.
    if (part.used + text.length * 3 + 1 > part.block.length) return this.add(number, Buffer.from(`${text}\n`))
    const start = part.used
    part.used += part.block.write(text, start, 'utf8')
    part.block[part.used++] = NEWLINE
    part.count++
    part.sizeBytes += part.used - start
    return undefined
  }

  /** When nothing more is added: what each part has come to. */
  async finish(): Promise<readonly PartSummary[]> {
    const summaries: PartSummary[] = []
    for (let number = 0; number < this.#parts.length; number++) {
      const part = this.#partOf(number)
      await this.#flush(part)
      const { count, sizeBytes, hash } = part
      summaries.push({ count, sizeBytes, sha256: hash.digest('hex') })
    }
    return summaries
  }

  /** The bytes of a part, from their beginning. */
  async *bytes(number: number): AsyncGenerator<Uint8Array> {
    const { blocks } = this.#partOf(number)
    for (let at = 0; at < blocks.length; at += 2) {
      const block = Buffer.allocUnsafe(blocks[at + 1] as number)
      for (let have = 0; have < block.length; ) {
        const read = this.#scratch?.read(block.subarray(have), (blocks[at] as number) + have) ?? 0
        if (read === 0) throw new Error('the scratch file is shorter than what was written to it')
        have += read
      }
      yield block
    }
  }

  close(): void {
    this.#scratch?.close()
    this.#scratch = undefined
  }

  #partOf(number: number): Part {
    const known = this.#parts[number]
    if (known !== undefined) return known
    const part: Part = {
      block: Buffer.allocUnsafeSlow(this.#blockBytes),
      used: 0,
      blocks: [],
      hash: createHash('sha256'),
      count: 0,
      sizeBytes: 0,
    }
    this.#parts[number] = part
    return part
  }

  async #addBehindBlock(part: Part, line: Buffer): Promise<void> {
    await this.#flush(part)
    if (line.length > part.block.length) await this.#append(part, line)
    else part.used = line.copy(part.block)
  }

  async #flush(part: Part): Promise<void> {
    if (part.used === 0) return
    await this.#append(part, part.block.subarray(0, part.used))
    part.used = 0
  }

  async #append(part: Part, bytes: Buffer): Promise<void> {
    this.#scratch ??= await this.#openScratch()
    this.#scratch.append(bytes)
    part.hash.update(bytes)
    part.blocks.push(this.#end, bytes.length)
    this.#end += bytes.length
  }
}
