/**
 * Bytes to batches of lines. A batch is what one chunk of input completes. A line that is not a record comes out as
 * a failed record with its number and its text; it never stops the stream and is never dropped.
 * Holds the unfinished line of the last chunk, at most `maxLineBytes`.
 */
import { isAscii, isUtf8 } from 'node:buffer'
import type { Line } from './line.ts'
import { newLine } from './line.ts'
import { OpenLineReader } from './open-line.ts'
import type { KeyRecord } from './record.ts'
import { recordProblem } from './record.ts'

export const MAX_LINE_BYTES = 16 * 1024 * 1024

/** How much of a line that is too long is kept, in bytes, so that a person can find it. */
const EXCERPT_BYTES = 1024

const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d
const BYTE_ORDER_MARK = '\ufeff'

/**
 * Reads NDJSON: LF or CRLF ends a line, empty lines count but say nothing, the last newline may be missing, and a
 * byte order mark before the first line is ignored. Keeps no chunk when it asks for the next. When `stop` is aborted as the input ends, the line that it ends in
 * was cut by that, and says nothing.
 */
export async function* decode(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number = MAX_LINE_BYTES,
  stop?: AbortSignal,
): AsyncGenerator<Line[]> {
  const decoder = new Decoder(maxLineBytes)
  for await (const chunk of chunks) {
    const batch = decoder.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    if (batch.length > 0) yield batch
  }
  if (stop?.aborted) return
  const rest = decoder.end()
  if (rest.length > 0) yield rest
}

class Decoder {
  readonly #maxLineBytes: number
  /** pieces of the line that is not complete yet */
  #pieces: Buffer[] = []
  #pieceBytes = 0
  /** bytes of the present line that were dropped because it is too long; 0 while it is not */
  #dropped = 0
  #lineNumber = 0
  readonly #openLines = new OpenLineReader()

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  push(chunk: Buffer): Line[] {
    const cut = chunk.lastIndexOf(NEWLINE) + 1
    if (cut === 0) {
      this.#keep(chunk)
      return []
    }
    const batch: Line[] = []
    let start = 0
    if (this.#pieceBytes > 0) {
      const firstEnd = chunk.indexOf(NEWLINE)
      this.#keep(chunk.subarray(0, firstEnd))
      this.#endPieces(batch)
      start = firstEnd + 1
    }
    if (start < cut) this.#readBlock(chunk.subarray(start, cut - 1), batch)
    this.#keep(chunk.subarray(cut))
    return batch
  }

  end(): Line[] {
    const batch: Line[] = []
    if (this.#pieceBytes > 0) this.#endPieces(batch)
    return batch
  }

  #keep(piece: Buffer): void {
    if (piece.length === 0) return
    if (this.#dropped > 0) {
      this.#dropped += piece.length
      return
    }
    // A copy: the chunk's memory is used again.
    this.#pieces.push(Buffer.from(piece))
    this.#pieceBytes += piece.length
    if (this.#pieceBytes <= this.#maxLineBytes + 1) return
    const excerpt = Buffer.concat(this.#pieces).subarray(0, EXCERPT_BYTES)
    this.#dropped = this.#pieceBytes - excerpt.length
    this.#pieces = [Buffer.from(excerpt)]
    this.#pieceBytes = excerpt.length
  }

  #endPieces(batch: Line[]): void {
    const line = this.#pieces.length === 1 ? (this.#pieces[0] as Buffer) : Buffer.concat(this.#pieces)
    const dropped = this.#dropped
    this.#pieces = []
    this.#pieceBytes = 0
    this.#dropped = 0
    if (dropped > 0) this.#pushTooLong(line, line.length + dropped, batch)
    else this.#readBlock(line, batch)
  }

  /** Reads whole lines, the last without its newline. */
  #readBlock(block: Buffer, batch: Line[]): void {
    const ascii = isAscii(block)
    if ((!ascii && !isUtf8(block)) || block.length > this.#maxLineBytes) {
      this.#readLinesApart(block, batch)
      return
    }
    const text = block.toString(ascii ? 'latin1' : 'utf8')
    for (let start = 0; start <= text.length; ) {
      const line = this.#openLines.read(text, start)
      if (line !== undefined) {
        this.#lineNumber++
        batch.push(line)
        start += line.text.length + 1
        continue
      }
      const newline = text.indexOf('\n', start)
      const end = newline === -1 ? text.length : newline
      this.#readLine(text.slice(start, end), batch)
      start = end + 1
    }
  }

  /** The slow way, for a block in which some line is not UTF-8 or may be too long. */
  #readLinesApart(block: Buffer, batch: Line[]): void {
    let start = 0
    while (start <= block.length) {
      const newline = block.indexOf(NEWLINE, start)
      const end = newline === -1 ? block.length : newline
      const bytes = block.subarray(start, end)
      const length = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length
      if (length > this.#maxLineBytes) this.#pushTooLong(bytes, length, batch)
      else if (isUtf8(bytes)) this.#readLine(bytes.toString('utf8'), batch)
      else this.#pushNotText(bytes, batch)
      start = end + 1
    }
  }

  #readLine(untrimmed: string, batch: Line[]): void {
    this.#lineNumber++
    let text = untrimmed
    if (text.charCodeAt(text.length - 1) !== 0x7d || text.charCodeAt(0) !== 0x7b) {
      if (this.#lineNumber === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1)
      text = trimJson(text)
      if (text === '') return
    }
    let record: KeyRecord
    try {
      record = JSON.parse(text)
    } catch (error) {
      this.#pushBad(batch, `not JSON: ${(error as Error).message}`, { input: text })
      return
    }
    const problem = recordProblem(record)
    if (problem === undefined) {
      batch.push({ text, record, cameAs: record.outcome })
      return
    }
    this.#pushBad(batch, problem, { input: text })
  }

  #pushNotText(line: Buffer, batch: Line[]): void {
    this.#lineNumber++
    this.#pushBad(batch, 'not valid UTF-8', { input64: line.toString('base64') })
  }

  #pushTooLong(line: Buffer, lineBytes: number, batch: Line[]): void {
    this.#lineNumber++
    const message = `line of ${lineBytes} bytes, the limit is ${this.#maxLineBytes} (--max-line)`
    this.#pushBad(batch, message, { input: line.subarray(0, EXCERPT_BYTES).toString('utf8') })
  }

  #pushBad(batch: Line[], message: string, input: { input: string } | { input64: string }): void {
    const error = { code: 'E_INPUT', line: this.#lineNumber, message, retryable: false } as const
    batch.push(newLine({ outcome: 'failed', error, ...input }))
  }
}

/** Without the white space that JSON allows around a value. Not by a pattern: one tries each run of spaces again. */
function trimJson(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a
}
