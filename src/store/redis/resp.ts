/**
 * RESP2, the protocol of Redis: requests to bytes, and bytes to replies. A reply is first cut out of the stream, however it
 * comes in pieces, and then read at once. https://redis.io/docs/latest/develop/reference/protocol-spec/
 */
import type { Reply, Request } from './connection.ts'

const LF = 0x0a
const CR = 0x0d
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 9
const TEN = 10
/** what can be written without asking how long it is in UTF-8 */
const LAST_ASCII = 0x7f
const ARRAY = 0x2a
const BULK = 0x24
const INTEGER = 0x3a
const SIMPLE = 0x2b
const ERROR = 0x2d
const LINE_END_BYTES = 2
/** of a number with its kind and line end, at most */
const LINE_BYTES = 16

const FIRST_BYTES = 64 * 1024
/** More than this is not kept for the next lot. */
const MOST_KEPT_BYTES = 1024 * 1024

/** Texts and arrays of Redis are no longer. */
const MAX_COUNT = 2 ** 32

const NO_REDIS = 'what answers there does not speak the protocol of Redis'

/** An error that a server has answered. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError'
}

/** What came is not of this protocol. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** Writes requests. Holds the bytes of the last lot, of a large one until the next. */
export class RequestWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  /** All requests in one. The bytes are good until the next call, but for those that were let go. */
  write(requests: readonly Request[]): Buffer {
    this.#length = 0
    if (this.#bytes.length > MOST_KEPT_BYTES) this.letGo()
    for (const request of requests) {
      this.#makeRoom(LINE_BYTES)
      this.#line(ARRAY, request.length)
      for (let nth = 0; nth < request.length; nth++) this.#text(request[nth] as string | Buffer)
    }
    return this.#bytes.subarray(0, this.#length)
  }

  /** Lets the bytes go that were given last: somebody still reads them. */
  letGo(): void {
    this.#bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  }

  #text(text: string | Buffer): void {
    if (typeof text !== 'string') this.#long(text)
    else if (!this.#ascii(text)) this.#long(Buffer.from(text, 'utf8'))
  }

  /** Writes a text character by character, which for one of usual length is faster than a call; false when it is not ASCII. */
  #ascii(text: string): boolean {
    const { length } = text
    this.#makeRoom(length + 2 * LINE_BYTES)
    const before = this.#length
    this.#line(BULK, length)
    const bytes = this.#bytes
    let at = this.#length
    for (let nth = 0; nth < length; nth++) {
      const code = text.charCodeAt(nth)
      if (code > LAST_ASCII) {
        this.#length = before
        return false
      }
      bytes[at++] = code
    }
    this.#length = at
    this.#endLine()
    return true
  }

  #long(text: Buffer): void {
    this.#makeRoom(text.length + 2 * LINE_BYTES)
    this.#line(BULK, text.length)
    this.#length += text.copy(this.#bytes, this.#length)
    this.#endLine()
  }

  #line(kind: number, number: number): void {
    this.#bytes[this.#length++] = kind
    let digits = 1
    for (let left = number; left > NINE; left = Math.trunc(left / TEN)) digits++
    for (let at = this.#length + digits, left = number; at > this.#length; left = Math.trunc(left / TEN)) {
      this.#bytes[--at] = ZERO + (left % TEN)
    }
    this.#length += digits
    this.#endLine()
  }

  #endLine(): void {
    this.#bytes[this.#length++] = CR
    this.#bytes[this.#length++] = LF
  }

  #makeRoom(length: number): void {
    const needed = this.#length + length
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, needed))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** Where a reply stands in some bytes. */
export type Take = (bytes: Buffer, start: number, end: number) => void

/** Cuts a stream into replies. Holds the reply that has not come to its end. */
export class ReplyCutter {
  /** the bytes of the present reply that came before, but for those of `#line` */
  #pieces: Buffer[] = []
  /** the beginning of a line of which the end is still to come */
  #line: Buffer | undefined
  /** parts of the present reply that have not begun; 0 between replies */
  #open = 0
  /** bytes of a text that are still to come, with the end of its line */
  #left = 0

  /** Gives each reply that has come to its end, in order. Throws a ProtocolError for what can be none. */
  push(arrived: Buffer, take: Take): void {
    const bytes = this.#line === undefined ? arrived : Buffer.concat([this.#line, arrived])
    this.#line = undefined
    let start = 0
    let at = 0
    while (at < bytes.length) {
      if (this.#left > 0) {
        const passed = Math.min(this.#left, bytes.length - at)
        this.#left -= passed
        at += passed
      } else {
        const end = this.#readLine(bytes, at)
        if (end === 0) {
          this.#line = bytes.subarray(at)
          if (at > start) this.#pieces.push(bytes.subarray(start, at))
          return
        }
        at = end
      }
      if (this.#open > 0 || this.#left > 0) continue
      if (this.#pieces.length === 0) take(bytes, start, at)
      else {
        const whole = Buffer.concat([...this.#pieces, bytes.subarray(start, at)])
        this.#pieces = []
        take(whole, 0, whole.length)
      }
      start = at
    }
    if (start < bytes.length) this.#pieces.push(bytes.subarray(start))
  }

  /** Passes the line at `at`, with which a part begins, and gives where it ends; 0 when its end has not come. */
  #readLine(bytes: Buffer, at: number): number {
    const end = endOfLine(bytes, at)
    if (end > bytes.length) return 0
    const kind = bytes[at]
    const counts = kind === BULK || kind === ARRAY
    if (!counts && kind !== INTEGER && kind !== SIMPLE && kind !== ERROR) throw new ProtocolError(NO_REDIS)
    const number = counts ? numberAt(bytes, at + 1, end) : 0
    if (!(number >= -1 && number <= MAX_COUNT)) throw new ProtocolError(NO_REDIS)
    this.#open = Math.max(this.#open, 1) - 1
    if (kind === ARRAY && number > 0) this.#open += number
    if (kind === BULK && number >= 0) this.#left = number + LINE_END_BYTES
    return end
  }
}

/** Whether the reply that begins here is an error. */
export function isError(bytes: Buffer, start: number): boolean {
  return bytes[start] === ERROR
}

/** Reads whole replies. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  /** The reply that begins at `start` and that is there to its end. */
  read(bytes: Buffer, start: number): Reply {
    this.#bytes = bytes
    this.#at = start
    return this.#next()
  }

  #next(): Reply {
    const bytes = this.#bytes
    const start = this.#at + 1
    const kind = bytes[this.#at]
    const end = endOfLine(bytes, start)
    this.#at = end
    if (kind === INTEGER) return numberAt(bytes, start, end)
    if (kind === SIMPLE) return bytes.subarray(start, end - LINE_END_BYTES)
    if (kind === ERROR) return new ReplyError(bytes.toString('utf8', start, end - LINE_END_BYTES))
    const length = numberAt(bytes, start, end)
    if (length < 0) return null
    if (kind === BULK) {
      this.#at = end + length + LINE_END_BYTES
      return bytes.subarray(end, end + length)
    }
    const parts: Reply[] = []
    for (let nth = 0; nth < length; nth++) parts.push(this.#next())
    return parts
  }
}

/** Index behind the line feed; beyond the bytes when it has not come. */
function endOfLine(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== LF) at++
  return at + 1
}

/** The number in a line from here to its end, NaN where there is none. */
function numberAt(bytes: Buffer, from: number, lineEnd: number): number {
  const isNegative = bytes[from] === MINUS
  const end = lineEnd - LINE_END_BYTES
  let number = 0
  for (let at = isNegative ? from + 1 : from; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO
    number = digit >= 0 && digit <= NINE ? number * TEN + digit : Number.NaN
  }
  return isNegative ? -number : number
}
