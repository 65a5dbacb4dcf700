/**
 * Answers of any shape, cut anywhere, over a socket: what this client reads of them is what undici reads. It takes no
 * folded lines, no 100 that nobody asked for and no 304 with a length; http-reply.test.ts has those.
 */
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { Client } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { headersIn } from '../../../src/store/s3/http-head.ts'
import { HttpPool } from '../../../src/store/s3/http-pool.ts'

interface Answer {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  /** heads of others before it */
  readonly before: readonly number[]
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly framing: 'length' | 'chunks' | 'close'
  readonly body: Uint8Array
  /** sizes of chunks, what stands behind a size, headers behind the last */
  readonly chunkSizes: readonly number[]
  readonly extension: string
  readonly trailers: readonly string[]
  readonly saysClose: boolean
  /** where what is written is cut, as parts of the whole */
  readonly cuts: readonly number[]
}

interface Read {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

const name = fc.stringMatching(/^[Xx]-[A-Za-z0-9_.-]{1,12}$/)
const value = fc.stringMatching(/^[!-~\xa1-\xff]([ \t]?[!-~\xa1-\xff]){0,20}$/)
const small = fc.integer({ min: 1, max: 400 })

const answer: fc.Arbitrary<Answer> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'PUT', 'DELETE'),
  before: fc.array(fc.constantFrom(102, 103), { maxLength: 2 }),
  status: fc.constantFrom(200, 200, 201, 204, 206, 304, 400, 404, 412, 500, 503),
  headers: fc.uniqueArray(fc.tuple(name, value), {
    selector: ([one]) => one.toLowerCase(),
    maxLength: 5,
  }),
  framing: fc.constantFrom('length', 'chunks', 'close'),
  body: fc.uint8Array({ maxLength: 1000 }),
  chunkSizes: fc.array(small, { minLength: 1, maxLength: 4 }),
  extension: fc.constantFrom('', ';a=b', ';name="v"'),
  trailers: fc.array(fc.constantFrom('x-amz-checksum-crc32: AAAAAA==', 'x-after: 1'), { maxLength: 2 }),
  saysClose: fc.boolean(),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 }),
})

function hasBody({ method, status }: Answer): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304
}

/** Whether the connection is to be closed behind it. */
function ends(one: Answer): boolean {
  return one.saysClose || (one.framing === 'close' && hasBody(one))
}

function bytesOf(one: Answer): Buffer {
  const { before, status, headers, framing, body, trailers } = one
  let head = before.map((early) => `HTTP/1.1 ${early} Early\r\nx-early: 1\r\n\r\n`).join('')
  head += `HTTP/1.1 ${status} Some Words\r\n`
  for (const [field, text] of headers) head += `${field}: ${text}\r\n`
  if (framing === 'length' && status !== 204 && status !== 304) head += `Content-Length: ${body.length}\r\n`
  if (framing === 'chunks' && hasBody(one)) head += 'Transfer-Encoding: chunked\r\n'
  if (ends(one)) head += 'Connection: close\r\n'
  const pieces = [Buffer.from(`${head}\r\n`, 'latin1')]
  if (!hasBody(one)) return pieces[0] as Buffer
  if (framing !== 'chunks') return Buffer.concat([...pieces, body])
  for (let at = 0, nth = 0; at < body.length; nth++) {
    const chunk = body.subarray(at, at + (one.chunkSizes[nth % one.chunkSizes.length] as number))
    pieces.push(
      Buffer.from(`${chunk.length.toString(16)}${one.extension}\r\n`),
      Buffer.from(chunk),
      Buffer.from('\r\n'),
    )
    at += chunk.length
  }
  return Buffer.concat([...pieces, Buffer.from(['0', ...trailers, '', ''].join('\r\n'))])
}

let answers: readonly Answer[] = []
let server: Server
let origin: string
const sockets = new Set<Socket>()
beforeAll(async () => {
  server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    let held = ''
    socket.on('data', (bytes) => {
      held += bytes.toString('latin1')
      if (!held.endsWith('\r\n\r\n')) return
      const nth = Number(/^\w+ \/(\d+) /.exec(held)?.[1])
      held = ''
      void write(socket, answers[nth] as Answer)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
})

async function write(socket: Socket, one: Answer): Promise<void> {
  const bytes = bytesOf(one)
  const places = [0, ...one.cuts.map((part) => Math.floor(part * bytes.length)).sort((a, b) => a - b), bytes.length]
  for (let nth = 1; nth < places.length; nth++) {
    socket.write(bytes.subarray(places[nth - 1], places[nth]))
    await turn()
  }
  if (ends(one)) socket.end()
}

/** One after the other, on one connection as long as it lasts. */
async function ours(): Promise<Read[]> {
  const pool = new HttpPool(origin, 5000, 1)
  const reads: Read[] = []
  for (const [nth, { method }] of answers.entries()) {
    const read = await new Promise<Read>((resolve, reject) => {
      const pieces: Buffer[] = []
      let status = 0
      let head = ''
      pool.dispatch(
        { method, path: `/${nth}`, lines: 'host: h\r\n', body: undefined },
        {
          isOver: false,
          onConnect: () => {},
          onHeaders: (code, text) => {
            status = code
            head = text
          },
          onData: (bytes, from, to) => pieces.push(Buffer.from(bytes.subarray(from, to))) > 0,
          onComplete: () =>
            resolve({ status, headers: { ...headersIn(head) }, body: Buffer.concat(pieces).toString('latin1') }),
          onError: reject,
        },
      )
    })
    reads.push(read)
  }
  await pool.destroy()
  return reads
}

async function theirs(): Promise<Read[]> {
  const client = new Client(origin)
  const reads: Read[] = []
  for (const [nth, { method }] of answers.entries()) {
    const { statusCode, headers, body } = await client.request({ method, path: `/${nth}` })
    const bytes = Buffer.from(await body.arrayBuffer())
    reads.push({ status: statusCode, headers: { ...headers }, body: bytes.toString('latin1') })
  }
  await client.destroy()
  return reads
}

test('several answers, one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(answer, { minLength: 1, maxLength: 5 }), async (some) => {
      answers = some
      const [one, other] = [await ours(), await theirs()]
      expect(one).toEqual(other)
      expect(one.map(({ body }) => body)).toEqual(
        some.map((each) => (hasBody(each) ? Buffer.from(each.body).toString('latin1') : '')),
      )
    }),
    { numRuns: 150 },
  )
}, 60_000)
