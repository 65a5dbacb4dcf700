/**
 * Reads the answers that come on one connection, one at a time, from pieces that are cut anywhere (RFC 9112). Holds a head
 * that has not come whole, and no body. Throws for what is not HTTP: nothing on this connection can be trusted then.
 */
import type { ReplyHead } from './http-head.ts'
import { readHead, unfolded } from './http-head.ts'

export interface ReplyEvents {
  /** `text` is the whole head; of an answer that has no body, such as to HEAD, the length is 0 */
  onHead(head: ReplyHead, text: string): void
  /** some of the body, from one place in these bytes to another, which are only lent until this returns */
  onBody(bytes: Buffer, from: number, to: number): void
  /** the last there is of it; `isKept` tells whether another request may follow. May begin that one. */
  onEnd(isKept: boolean): void
}

type State = 'idle' | 'head' | 'length' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'rest'

/** The longest head, and what may stand between chunks. */
const LONGEST_HEAD = 64 * 1024
const LONGEST_LINE = 4096
const HEAD_END = Buffer.from('\r\n\r\n')
const NOTHING = Buffer.alloc(0)

export class ReplyReader {
  readonly #events: ReplyEvents
  /** the last byte of an answer has been read */
  #isOver = false
  #state: State = 'idle'
  #isHead = false
  #isKept = false
  /** what of a head has come */
  #held: Buffer = NOTHING
  /** bytes of the body, or of the chunk, that are still to come */
  #left = 0
  #lineLength = 0
  #digits = 0

  constructor(events: ReplyEvents) {
    this.#events = events
  }

  /** An answer is to come; to HEAD, one without a body. */
  begin(method: string): void {
    this.#state = 'head'
    this.#isHead = method === 'HEAD'
    this.#held = NOTHING
  }

  /** So many bytes have come. What stands behind them is of no meaning: a buffer that is used again is not cut for each read. */
  read(bytes: Buffer, count: number): void {
    for (let at = 0; at < count; ) {
      switch (this.#state) {
        case 'idle':
          throw new Error('the server has sent what nobody asked for')
        case 'head':
          at = this.#readHead(bytes, at, count)
          break
        case 'length':
        case 'chunk':
          at = this.#readBody(bytes, at, count)
          break
        case 'rest':
          this.#events.onBody(bytes, at, count)
          return
        case 'chunk-size':
          this.#readSize(bytes[at++] as number)
          break
        case 'chunk-end':
          this.#readChunkEnd(bytes[at++] as number)
          break
        case 'trailer':
          at = this.#readTrailer(bytes, at, count)
      }
      // Whoever ends an answer may begin the next, whose bytes cannot have come yet.
      if (this.#isOver) {
        this.#end(at === count)
        return
      }
    }
  }

  /** Nothing more will come. Whether that is the end of an answer, which has been told then. */
  close(): boolean {
    if (this.#state !== 'rest') return false
    this.#end(false)
    return true
  }

  #end(isAll: boolean): void {
    this.#isOver = false
    this.#state = 'idle'
    this.#events.onEnd(this.#isKept && isAll)
  }

  #readHead(bytes: Buffer, from: number, count: number): number {
    const isFirst = this.#held.length === 0
    const all = isFirst ? bytes : Buffer.concat([this.#held, bytes.subarray(from, count)])
    const start = isFirst ? from : 0
    const until = isFirst ? count : all.length
    const end = all.indexOf(HEAD_END, Math.max(start, this.#held.length - HEAD_END.length))
    const hasEnd = end !== -1 && end + HEAD_END.length <= until
    if ((hasEnd ? end : until) - start > LONGEST_HEAD) throw new Error('the head of the answer has no end')
    if (!hasEnd) {
      this.#held = isFirst ? Buffer.from(bytes.subarray(from, count)) : all
      return count
    }
    this.#held = NOTHING
    this.#take(unfolded(all.toString('latin1', start, end + 2)))
    return count - (until - end - HEAD_END.length)
  }

  #take(text: string): void {
    const head = readHead(text)
    const { status, lengthBytes, isChunked } = head
    if (status === 101) throw new Error('the server wants to speak another protocol')
    // That it goes on; the answer follows.
    if (status < 200) return
    this.#isKept = head.isKept
    this.#left = lengthBytes ?? 0
    const isEmpty = this.#isHead || status === 204 || status === 304 || lengthBytes === 0
    if (isEmpty) this.#isOver = true
    else if (isChunked) this.#beginChunk()
    else if (lengthBytes !== undefined) this.#state = 'length'
    else this.#state = 'rest'
    if (this.#state === 'rest') this.#isKept = false
    this.#events.onHead(isEmpty ? { ...head, lengthBytes: 0 } : head, text)
  }

  #readBody(bytes: Buffer, from: number, count: number): number {
    const to = Math.min(count, from + this.#left)
    this.#left -= to - from
    this.#events.onBody(bytes, from, to)
    if (this.#left > 0) return to
    if (this.#state === 'chunk') this.#state = 'chunk-end'
    else this.#isOver = true
    this.#lineLength = 0
    return to
  }

  #beginChunk(): void {
    this.#state = 'chunk-size'
    this.#left = 0
    this.#digits = 0
    this.#lineLength = 0
  }

  /** Hexadecimal digits; what stands behind them in the line says nothing to us. */
  #readSize(byte: number): void {
    if (byte === LINE_FEED && this.#digits > 0) {
      this.#lineLength = 0
      this.#state = this.#left === 0 ? 'trailer' : 'chunk'
      return
    }
    if (++this.#lineLength > LONGEST_LINE) throw new Error('the answer is not in chunks')
    const digit = this.#digits === this.#lineLength - 1 ? hexDigit(byte) : -1
    if (digit !== -1 && this.#digits < MOST_DIGITS) {
      this.#left = this.#left * 16 + digit
      this.#digits++
    } else if (digit !== -1 || this.#digits === 0 || (this.#digits === this.#lineLength - 1 && !ENDS_SIZE.has(byte))) {
      throw new Error('the answer is not in chunks')
    }
  }

  #readChunkEnd(byte: number): void {
    if (byte !== (this.#lineLength++ === 0 ? CARRIAGE_RETURN : LINE_FEED))
      throw new Error('a chunk is longer than it says')
    if (this.#lineLength === 2) this.#beginChunk()
  }

  #readTrailer(bytes: Buffer, from: number, count: number): number {
    for (let at = from; at < count; at++) {
      const byte = bytes[at]
      if (byte === CARRIAGE_RETURN) continue
      if (byte !== LINE_FEED) {
        if (++this.#lineLength > LONGEST_LINE) throw new Error('the answer has no end')
      } else if (this.#lineLength === 0) {
        this.#isOver = true
        return at + 1
      } else this.#lineLength = 0
    }
    return count
  }
}

const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
/** of a number that is exact */
const MOST_DIGITS = 12
/** what may follow the digits: `\r`, `;`, white space */
const ENDS_SIZE = new Set([CARRIAGE_RETURN, 0x3b, 0x20, 0x09])

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = (byte | 0x20) - 0x61
  return letter >= 0 && letter < 6 ? letter + 10 : -1
}
