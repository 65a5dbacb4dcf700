/** The heads of HTTP/1.1 messages (RFC 9112) as text: a request's made, and of an answer's what its reading depends on. Pure. */

export interface ReplyHead {
  readonly status: number
  /** of its body; undefined where it does not say */
  readonly lengthBytes: number | undefined
  readonly isChunked: boolean
  /** whether the server will take another request on this connection */
  readonly isKept: boolean
  /** how long the server keeps a connection on which nothing comes; undefined where it does not say */
  readonly keptMs: number | undefined
}

/** `path` and `lines`, which are those of its headers, each with its end, as `checkPath` and `checkHeader` have seen them. */
export function requestHead(method: string, path: string, lines: string, bodyBytes: number): string {
  // Swift waits for the body of a DELETE that does not say that it has none.
  const hasLength = bodyBytes > 0 || (method !== 'GET' && method !== 'HEAD')
  const length = hasLength ? `content-length: ${bodyBytes}\r\n` : ''
  return `${method} ${path} HTTP/1.1\r\n${lines}${length}connection: keep-alive\r\n\r\n`
}

/** Throws for a path, with its query or without, that has no place in a head. */
export function checkPath(path: string): void {
  if (!PATH.test(path)) throw new Error('a path holds a character that HTTP has no place for')
}

/** Throws for a header that has no place in a head: a line break would begin another. */
export function checkHeader(name: string, value: string): void {
  if (UNFIT.test(value) || !NAME.test(name)) throw new Error(`the header ${JSON.stringify(name)} is none that HTTP has`)
}

const PATH = /^\/[!-~]*$/
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/
const UNFIT = /[^\t\x20-\x7e\x80-\xff]/

/** `head` up to the empty line, each line with its end. Throws for what is no answer, or of a length that is unclear. */
export function readHead(head: string): ReplyHead {
  if (!STATUS_LINE.test(head)) throw new Error('the answer is not HTTP/1.1')
  const status = Number(head.slice(9, 12))
  let lengthBytes: number | undefined
  let isChunked = false
  let isKept = head.charCodeAt(7) === ONE
  let keptMs: number | undefined
  for (let at = head.indexOf('\n') + 1; at < head.length; ) {
    const end = head.indexOf('\n', at)
    if (head.charCodeAt(end - 1) !== CARRIAGE_RETURN)
      throw new Error('the head of the answer has a line without its end')
    const first = head.charCodeAt(at) | 0x20
    if (first === C || first === T || first === K) {
      const colon = head.indexOf(':', at)
      // Where white space stands before it, one reader sees a header and another none.
      if (isSpace(head.charCodeAt(colon - 1))) throw new Error('the answer has a header whose name is none')
      // All others are read when they are asked for.
      const name = LENGTHS.has(colon - at) ? head.slice(at, colon).toLowerCase() : ''
      const value = name === '' ? '' : head.slice(colon + 1, end).trim()
      switch (name) {
        case 'content-length':
          if (!/^\d{1,15}$/.test(value) || (lengthBytes ?? Number(value)) !== Number(value))
            throw new Error('the answer has a length that is none')
          lengthBytes = Number(value)
          break
        case 'transfer-encoding':
          if (isChunked || value.toLowerCase() !== 'chunked') throw new Error(`the answer comes encoded as "${value}"`)
          isChunked = true
          break
        case 'connection':
          if (/\bclose\b/i.test(value)) isKept = false
          break
        case 'keep-alive':
          keptMs = Number(/\btimeout=(\d{1,6})/i.exec(value)?.[1] ?? Number.NaN) * 1000
      }
    }
    at = end + 1
  }
  // With both, somebody on the way may have taken the other for true.
  if (isChunked && lengthBytes !== undefined) isKept = false
  return { status, lengthBytes: isChunked ? undefined : lengthBytes, isChunked, isKept, keptMs: keptMs || undefined }
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d[ \r]/
const CARRIAGE_RETURN = 0x0d
const ONE = 0x31
/** of the names that count here */
const LENGTHS: ReadonlySet<number> = new Set(
  ['content-length', 'transfer-encoding', 'connection', 'keep-alive'].map((name) => name.length),
)
const C = 0x63
const T = 0x74
const K = 0x6b

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** With lines that were folded, which nobody should send and everybody must read, in one (RFC 9112, 5.2). */
export function unfolded(head: string): string {
  return FOLD.test(head) ? head.replace(FOLDS, ' ') : head
}

const FOLD = /\r\n[ \t]/
const FOLDS = /[ \t]*\r\n[ \t]+/g

/** By names in lower case; of a header that comes twice, the last. */
export function headersIn(head: string): Readonly<Record<string, string | undefined>> {
  const headers: Record<string, string> = Object.create(null)
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  return headers
}
