/** Answers read from pieces that are cut anywhere, as node's own client reads them, and what is no answer. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkHeader, checkPath, headersIn, requestHead } from '../../../src/store/s3/http-head.ts'
import { ReplyReader } from '../../../src/store/s3/http-reply.ts'
import { Signer, UNSIGNED } from '../../../src/store/s3/sign.ts'

interface Read {
  status?: number
  headers?: Readonly<Record<string, string | undefined>>
  body: string
  kept?: boolean
}

/** What is read of these pieces, then of a connection that closes. */
function readOf(pieces: readonly Buffer[], method = 'GET', closes = false): Read[] {
  const reads: Read[] = []
  let read: Read = { body: '' }
  const reader = new ReplyReader({
    onHead: ({ status }, text) => void Object.assign(read, { status, headers: headersIn(text) }),
    onBody: (bytes, from, to) => {
      read.body += bytes.toString('latin1', from, to)
    },
    onEnd: (kept) => {
      reads.push({ ...read, kept })
      read = { body: '' }
    },
  })
  reader.begin(method)
  // What is lent is not there any more later, and what stands behind it is of an earlier answer.
  const earlier = Buffer.from('\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 500 \r\n\r\n')
  for (const piece of pieces) {
    const lent = Buffer.concat([piece, earlier])
    reader.read(lent, piece.length)
    lent.fill(0)
  }
  if (closes) reader.close()
  return reads
}

const OK = 'HTTP/1.1 200 OK\r\n'
const text = (...lines: readonly string[]) => Buffer.from(lines.join(''), 'latin1')

const ANSWERS: ReadonlyArray<readonly [string, Buffer, string, Read]> = [
  [
    'a body',
    text(OK, 'Content-Length: 5\r\nETag: "x"\r\n\r\nhello'),
    'GET',
    { status: 200, body: 'hello', kept: true },
  ],
  ['none', text(OK, 'content-length:0\r\n\r\n'), 'PUT', { status: 200, body: '', kept: true }],
  ['to HEAD', text(OK, 'content-length: 99\r\n\r\n'), 'HEAD', { status: 200, body: '', kept: true }],
  ['204', text('HTTP/1.1 204 No Content\r\n\r\n'), 'DELETE', { status: 204, body: '', kept: true }],
  ['304', text('HTTP/1.1 304 \r\ncontent-length: 7\r\n\r\n'), 'GET', { status: 304, body: '', kept: true }],
  ['no words', text('HTTP/1.1 404\r\ncontent-length: 1\r\n\r\nx'), 'GET', { status: 404, body: 'x', kept: true }],
  [
    'chunks',
    text(OK, 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;name="v"\r\n, world!!!\r\n0\r\n\r\n'),
    'GET',
    { status: 200, body: 'hello, world!!!', kept: true },
  ],
  [
    'chunks with leading noughts and a trailer',
    text(OK, 'transfer-encoding: Chunked\r\n\r\n003\r\n\r\n\n\r\n0\r\nx-checksum: 1\r\n\r\n'),
    'GET',
    { status: 200, body: '\r\n\n', kept: true },
  ],
  ['no chunk', text(OK, 'transfer-encoding: chunked\r\n\r\n0\r\n\r\n'), 'GET', { status: 200, body: '', kept: true }],
  [
    'a length and chunks',
    text(OK, 'content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'),
    'GET',
    { status: 200, body: 'x', kept: false },
  ],
  [
    'that the server goes on, before it',
    text('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nlink: x\r\n\r\n', OK, 'content-length: 1\r\n\r\nx'),
    'PUT',
    { status: 200, body: 'x', kept: true },
  ],
  [
    'the end',
    text(OK, 'Connection: Close\r\ncontent-length: 1\r\n\r\nx'),
    'GET',
    { status: 200, body: 'x', kept: false },
  ],
  [
    'the end, in a line that was folded',
    text(OK, 'Connection: keep-alive,\r\n\t close\r\ncontent-length: 1\r\n\r\nx'),
    'GET',
    { status: 200, headers: { connection: 'keep-alive, close' }, body: 'x', kept: false },
  ],
  ['HTTP/1.0', text('HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx'), 'GET', { status: 200, body: 'x', kept: false }],
]

describe('an answer, cut anywhere', () => {
  test.each(ANSWERS)('%s', (_, bytes, method, expected) => {
    expect(readOf([bytes], method)).toMatchObject([expected])
    expect(
      readOf(
        [...bytes].map((byte) => Buffer.from([byte])),
        method,
      ),
    ).toMatchObject([expected])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
        const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end))
        expect(readOf(pieces, method)).toMatchObject([expected])
      }),
    )
  })

  test.each(ANSWERS)('%s: what is not whole is no answer', (_, bytes, method) => {
    for (let end = 0; end < bytes.length; end++) expect(readOf([bytes.subarray(0, end)], method, true)).toEqual([])
  })

  test('any body in any chunks', () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }))
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 50 }), (parts, step) => {
        const body = Buffer.concat(parts)
        const framed = parts.flatMap((part) => [
          text(`${part.length.toString(16)}\r\n`),
          Buffer.from(part),
          text('\r\n'),
        ])
        const all = Buffer.concat([text(OK, 'transfer-encoding: chunked\r\n\r\n'), ...framed, text('0\r\n\r\n')])
        const pieces: Buffer[] = []
        for (let at = 0; at < all.length; at += step) pieces.push(all.subarray(at, at + step))
        expect(readOf(pieces)).toMatchObject([{ body: body.toString('latin1'), kept: true }])
      }),
    )
  })

  test('that ends with the connection', () => {
    const bytes = text(OK, 'x-a: 1\r\n\r\nall there is')
    expect(readOf([bytes])).toEqual([])
    expect(readOf([bytes], 'GET', true)).toMatchObject([{ body: 'all there is', kept: false }])
  })

  test('headers by names in lower case, the last of two', () => {
    const bytes = text(OK, 'X-A:1\r\nx-amz-meta-\xfc:  \xe9 b \r\nx-a: 2\r\ncontent-length: 0\r\n\r\n')
    expect({ ...readOf([bytes])[0]?.headers }).toEqual({
      'x-a': '2',
      'x-amz-meta-\xfc': '\xe9 b',
      'content-length': '0',
    })
  })
})

describe('what nobody asked for', () => {
  test('behind an answer: the connection is not used again', () => {
    expect(readOf([text(OK, 'content-length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n')])).toMatchObject([
      { body: 'x', kept: false },
    ])
  })

  test('later', () => {
    const answer = text(OK, 'content-length: 1\r\n\r\nx')
    expect(() => readOf([answer, answer])).toThrow(/nobody asked for/)
  })
})

test.each<[string, string]>([
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
  ['a length that is none', `${OK}content-length: 1x\r\n\r\n`],
  ['a negative length', `${OK}content-length: -1\r\n\r\n`],
  ['two lengths', `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\n`],
  ['white space before a colon', `${OK}content-length : 1\r\n\r\n`],
  ['a length behind a lone line feed', `${OK}x-a: 1\ncontent-length: 1\r\n\r\n`],
  ['another encoding', `${OK}transfer-encoding: gzip, chunked\r\n\r\n`],
  ['two encodings', `${OK}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`],
  ['a chunk without a size', `${OK}transfer-encoding: chunked\r\n\r\n\r\n`],
  ['a chunk of no size', `${OK}transfer-encoding: chunked\r\n\r\nxyz\r\n`],
  ['a size with something in it', `${OK}transfer-encoding: chunked\r\n\r\n1g\r\n`],
  ['a size beyond all', `${OK}transfer-encoding: chunked\r\n\r\n1234567890abcd\r\n`],
  ['a chunk that goes on', `${OK}transfer-encoding: chunked\r\n\r\n1\r\nxx\r\n`],
  ['a switch to another protocol', 'HTTP/1.1 101 Switching\r\n\r\n'],
  ['a head without an end', `${OK}${'x-a: 1\r\n'.repeat(10_000)}`],
  ['a trailer without an end', `${OK}transfer-encoding: chunked\r\n\r\n0\r\n${'x'.repeat(5000)}`],
])('%s is refused', (_, answer) => expect(() => readOf([text(answer)])).toThrow())

describe('the head of a request', () => {
  test('as it goes out', () => {
    expect(requestHead('GET', '/b/a%20b?x=1', 'host: h\r\nx-amz-meta-a: \xe9\r\n', 0)).toBe(
      'GET /b/a%20b?x=1 HTTP/1.1\r\nhost: h\r\nx-amz-meta-a: \xe9\r\nconnection: keep-alive\r\n\r\n',
    )
  })

  test.each([
    ['PUT', 0, 'content-length: 0'],
    ['POST', 7, 'content-length: 7'],
    ['DELETE', 0, 'content-length: 0\r\n'],
  ])('%s tells its length', (method, bytes, line) => expect(requestHead(method, '/', '', bytes)).toContain(line))

  test.each([
    ['a blank', '/a b'],
    ['a line break', '/a\r\nb'],
  ])('refuses %s in the path', (_, path) => expect(() => checkPath(path)).toThrow())

  test.each([
    ['a line break in a value', 'x-amz-meta-a', 'b\r\nx-amz-acl: public-read'],
    ['a lone line feed', 'x-amz-meta-a', 'b\nc'],
    ['a nought', 'x-amz-meta-a', '\0'],
    ['what latin1 has not', 'x-amz-meta-a', '\u0100'],
    ['a line break in a name', 'x\r\ny', '1'],
    ['a colon in a name', 'x:y', '1'],
    ['no name', '', '1'],
  ])('refuses %s, also when it is signed', (_, name, value) => {
    expect(() => checkHeader(name, value)).toThrow()
    const signer = new Signer('us-east-1', 'h')
    const signed = { method: 'PUT', path: '/', query: '', headers: { [name]: value }, payloadHash: UNSIGNED }
    expect(() => signer.sign(signed, { accessKeyId: 'A', secretAccessKey: 'a' }, 0)).toThrow()
  })
})
