/**
 * A plan that is held back until it is proven: in memory while it is small, in a scratch file otherwise.
 * Lines come back in their order, with what they came as.
 */
import type { Line } from '../record/line.ts'
import type { Scratch } from '../stage/stage.ts'
import { Spill } from './spill.ts'

const NEWLINE = 0x0a

/** What stands before each line: whether its outcome, if it has one, was read with it or is of this run. */
const CAME = '<'
const MADE = '>'

export class HeldPlan {
  readonly #spill: Spill

  constructor(openScratch: () => Promise<Scratch>) {
    this.#spill = new Spill(openScratch)
  }

  async add(batch: readonly Line[]): Promise<void> {
    const text = batch.map((line) => `${line.cameAs === line.record.outcome ? CAME : MADE}${line.text}\n`).join('')
    this.#spill.reserve(Buffer.byteLength(text))
    this.#spill.used += this.#spill.bytes.write(text, this.#spill.used, 'utf8')
    if (this.#spill.isFull) await this.#spill.spill()
  }

  /** The lines, a batch for each chunk of the file. */
  async *batches(): AsyncGenerator<Line[]> {
    let pieces: Uint8Array[] = []
    for await (const chunk of this.#spill.stream()) {
      const end = chunk.lastIndexOf(NEWLINE) + 1
      if (end > 0) {
        yield Buffer.concat([...pieces, chunk.subarray(0, end - 1)])
          .toString('utf8')
          .split('\n')
          .map(readLine)
        pieces = []
      }
      pieces.push(chunk.subarray(end))
    }
  }

  close(): void {
    this.#spill.close()
  }
}

function readLine(marked: string): Line {
  const text = marked.slice(1)
  const record = JSON.parse(text)
  return { text, record, cameAs: marked.startsWith(CAME) ? record.outcome : undefined }
}
