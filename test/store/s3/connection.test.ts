import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { Gate } from '../../../src/store/aws/gate.ts'
import { failureOf, isError } from '../../../src/store/s3/classify.ts'
import { Bucket } from '../../../src/store/s3/connection.ts'
import type { Credentials } from '../../../src/store/s3/credentials.ts'
import { Identity } from '../../../src/store/s3/credentials.ts'
import type { Request } from '../../../src/store/s3/request.ts'
import type { Target } from '../../../src/store/s3/target.ts'
import type { Answer, FakeServer, Received } from './fake-server.ts'
import { answer, fakeServer, refusal } from './fake-server.ts'

const signal = new AbortController().signal
const KEYS: Credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' }
const GET: Request = { method: 'GET', key: 'a b' }
const PUT: Request = { method: 'PUT', key: 'a', body: 'content' }

const open: Array<{ close(): Promise<void> } | { stop(): Promise<void> }> = []
afterEach(async () => {
  for (const one of open.splice(0)) await ('close' in one ? one.close() : one.stop())
})

async function serve(...answers: readonly Answer[]): Promise<FakeServer> {
  const server = await fakeServer(...answers)
  open.push(server)
  return server
}

interface Options {
  readonly timeoutMs?: number
  readonly elsewhere?: Readonly<Record<string, Target>>
  readonly renewed?: Credentials
  readonly now?: () => number
  readonly basePath?: string
}

function bucketAt({ origin, host }: FakeServer, options: Options = {}): Bucket {
  const { timeoutMs = 10_000, elsewhere = {}, renewed = KEYS, now = Date.now, basePath = '/bucket' } = options
  const target = { origin, host, basePath, region: 'us-east-1' }
  const bucket = new Bucket({
    name: 'bucket',
    target,
    targetIn: async (region) => elsewhere[region] ?? { ...target, region },
    identity: new Identity(KEYS, async () => renewed, now),
    timeoutMs,
    gate: new Gate(),
    now,
  })
  open.push(bucket)
  return bucket
}

function regionOf(request: Received | undefined): string | undefined {
  return request?.headers.authorization?.split('/')[2]
}

test('what would begin another line of the request is refused before anything is sent', async () => {
  const server = await serve()
  const bucket = bucketAt(server)
  await expect(bucket.send({ ...GET, query: 'a=b HTTP/1.1\r\nx-amz-acl: public-read' }, signal)).rejects.toThrow('HTTP')
  expect(() => bucketAt(server, { basePath: '/a b' })).toThrow('HTTP')
  expect(server.received).toEqual([])
})

describe('an answer', () => {
  test('of any status comes with its headers and body', async () => {
    const server = await serve(answer(404, 'no', { 'x-amz-request-id': '7' }))
    const reply = await bucketAt(server).send({ ...GET, query: 'versionId=1', headers: { range: 'bytes=0-1' } }, signal)
    expect({ status: reply.status, id: reply.headers['x-amz-request-id'], body: String(reply.body) }).toEqual({
      status: 404,
      id: '7',
      body: 'no',
    })
    expect(server.received[0]).toMatchObject({
      method: 'GET',
      url: '/bucket/a%20b?versionId=1',
      headers: { range: 'bytes=0-1' },
    })
  })

  test('an error inside a 200 is one, also behind white space that has kept the connection alive', async () => {
    const body = `${' '.repeat(2000)}\n<?xml version="1.0"?>\n<Error><Code>InternalError</Code></Error>`
    const reply = await bucketAt(await serve(answer(200, body))).send(PUT, signal)
    expect(isError(reply)).toBe(true)
    expect(failureOf(reply, 'copying')).toMatchObject({ code: 'E_BUSY', message: 'copying: InternalError (HTTP 200)' })
  })

  test('<Error> as a part of another document is none', async () => {
    const body = '<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>'
    expect(isError(await bucketAt(await serve(answer(200, body))).send(PUT, signal))).toBe(false)
  })

  test('connections are kept, for HEAD and DELETE too', async () => {
    const server = await serve(answer(200))
    const bucket = bucketAt(server)
    for (const method of ['HEAD', 'GET', 'DELETE', 'PUT', 'POST', 'HEAD'] as const)
      await bucket.send({ method, key: 'a' }, signal)
    // Each rests for a moment behind an answer: two take turns.
    expect(Math.max(...server.received.map(({ connection }) => connection))).toBeLessThanOrEqual(1)
  })

  test('Connection: close is heeded', async () => {
    const server = await serve(answer(200, 'x', { connection: 'close' }))
    const bucket = bucketAt(server)
    for (let nth = 0; nth < 3; nth++) expect((await bucket.send(PUT, signal)).status).toBe(200)
    expect(server.received.map(({ connection }) => connection)).toEqual([0, 1, 2])
  })
})

describe('a connection that fails', () => {
  const drop: Answer = (response) => response.socket?.destroy()
  const cut: Answer = (response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('half of it', () => response.socket?.destroy())
  }

  test('a read on one that the server had closed is asked again', async () => {
    const server = await serve(answer(200, 'one'), drop, answer(200, 'two'))
    const bucket = bucketAt(server)
    await bucket.send(GET, signal)
    expect(String((await bucket.send(GET, signal)).body)).toBe('two')
    expect(server.received.length).toBe(3)
  })

  test('a read is asked twice at most', async () => {
    const server = await serve(drop)
    await expect(bucketAt(server).send(GET, signal)).rejects.toMatchObject({ code: 'E_CONNECTION' })
    expect(server.received.length).toBe(2)
  })

  test('a write is sent once, and nobody knows', async () => {
    const server = await serve(answer(200), drop)
    const bucket = bucketAt(server)
    await bucket.send(PUT, signal)
    await expect(bucket.send(PUT, signal)).rejects.toMatchObject({ code: 'E_UNANSWERED' })
    expect(server.received.length).toBe(2)
  })

  test.each([
    ['a write', PUT, 'E_UNANSWERED'],
    ['a read', GET, 'E_CONNECTION'],
  ] as const)('%s whose answer is cut half way: %s', async (_, request, code) => {
    await expect(bucketAt(await serve(cut)).send(request, signal)).rejects.toMatchObject({ code })
  })

  test('nobody there: a write has surely not been made', async () => {
    const server = await fakeServer(answer(200))
    await server.stop()
    await expect(bucketAt(server).send(PUT, signal)).rejects.toMatchObject({ code: 'E_CONNECTION' })
  })

  test.each([
    ['a write', PUT, 'E_UNANSWERED'],
    ['a read', GET, 'E_TIMEOUT'],
  ] as const)('%s that is not answered in time', async (_, request, code) => {
    const bucket = bucketAt(await serve(() => {}), { timeoutMs: 100 })
    const before = bucket.gate.limit
    await expect(bucket.send(request, signal)).rejects.toMatchObject({
      code,
      message: 's3://bucket: no answer in 100 ms',
    })
    expect(bucket.gate.limit).toBe(before / 2)
  })

  test.each([
    ['a write', PUT, 'E_UNANSWERED'],
    ['a read', GET, 'E_CONNECTION'],
  ] as const)('%s that the end of the run cuts off', async (_, request, code) => {
    const ending = new AbortController()
    const bucket = bucketAt(await serve(() => ending.abort()))
    await expect(bucket.send(request, ending.signal)).rejects.toMatchObject({ code })
    await expect(bucket.send(PUT, ending.signal)).rejects.toMatchObject({ code: 'E_CONNECTION' })
  })
})

describe('what is put right', () => {
  test.each([
    ['301', answer(301, '', { 'x-amz-bucket-region': 'eu-west-1' })],
    ['307', answer(307, '', { 'x-amz-bucket-region': 'eu-west-1' })],
    [
      'a region in the body',
      answer(400, '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>'),
    ],
  ])('another region: %s', async (_, redirect) => {
    const there = await serve(answer(200, 'there'))
    const here = await serve(redirect)
    const target = { origin: there.origin, host: there.host, basePath: '', region: 'eu-west-1' }
    const bucket = bucketAt(here, { elsewhere: { 'eu-west-1': target } })
    for (let nth = 0; nth < 2; nth++) expect(String((await bucket.send(PUT, signal)).body)).toBe('there')
    expect(here.received.length).toBe(1)
    expect(there.received.map(({ url, body }) => ({ url, body }))).toEqual([
      { url: '/a', body: 'content' },
      { url: '/a', body: 'content' },
    ])
    expect(regionOf(there.received[0])).toBe('eu-west-1')
  })

  test('a redirect that tells nothing new is the answer', async () => {
    const server = await serve(answer(301, '', { 'x-amz-bucket-region': 'us-east-1' }))
    expect((await bucketAt(server).send(PUT, signal)).status).toBe(301)
    expect(server.received.length).toBe(1)
  })

  test.each([
    ['a request', PUT, refusal(403, 'RequestTimeTooSkewed', { date: 'Fri, 02 Jan 2026 03:04:05 GMT' })],
    [
      'HEAD, whose answer has no code',
      { method: 'HEAD', key: 'a' },
      answer(403, '', { date: 'Fri, 02 Jan 2026 03:04:05 GMT' }),
    ],
  ] as const)('a clock that is wrong: %s', async (_, request, refused) => {
    const server = await serve(refused, answer(200))
    const bucket = bucketAt(server, { now: () => Date.UTC(2020, 0, 1) })
    for (let nth = 0; nth < 2; nth++) expect((await bucket.send(request, signal)).status).toBe(200)
    const dates = server.received.map(({ headers }) => headers['x-amz-date'])
    expect(dates).toEqual(['20200101T000000Z', '20260102T030405Z', '20260102T030405Z'])
  })

  test('403 for another reason is the answer', async () => {
    const server = await serve(refusal(403, 'AccessDenied', { date: 'Fri, 02 Jan 2026 03:04:05 GMT' }))
    const reply = await bucketAt(server).send(PUT, signal)
    expect(failureOf(reply, 'a')).toMatchObject({ code: 'E_DENIED' })
    expect(server.received.length).toBe(1)
  })

  test('credentials that have ended before their time', async () => {
    const renewed = { accessKeyId: 'NEW', secretAccessKey: 's', sessionToken: 'token' }
    const server = await serve(refusal(400, 'ExpiredToken'), answer(200))
    expect((await bucketAt(server, { renewed }).send(PUT, signal)).status).toBe(200)
    expect(server.received[1]?.headers).toMatchObject({
      'x-amz-security-token': 'token',
      authorization: expect.stringContaining('Credential=NEW/'),
    })
  })

  test('credentials that cannot be renewed: the refusal is the answer', async () => {
    const server = await serve(refusal(400, 'ExpiredToken'))
    expect(failureOf(await bucketAt(server).send(PUT, signal), 'a')).toMatchObject({ code: 'E_AUTH' })
  })
})

describe('a stream', () => {
  test('gives the body piece by piece, and reads no further than is taken', async () => {
    const pieces = 4096
    let sent = 0
    const large: Answer = (response) => {
      const source = function* () {
        for (; sent < pieces; sent++) yield Buffer.alloc(65_536)
      }
      response.writeHead(200)
      // The reader goes away before the end.
      pipeline(Readable.from(source()), response).catch(() => {})
    }
    const { status, body } = await bucketAt(await serve(large)).stream(GET, signal)
    expect(status).toBe(200)
    for await (const piece of body) {
      expect(piece.length).toBeGreaterThan(0)
      let before = -1
      while (sent !== before) {
        before = sent
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      }
      break
    }
    expect(sent).toBeLessThan(pieces / 4)
  })

  test('that is cut fails where it is cut', async () => {
    const cut: Answer = (response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('half', () => response.socket?.destroy())
    }
    const { body } = await bucketAt(await serve(cut)).stream(GET, signal)
    const pieces: string[] = []
    const read = async () => {
      for await (const piece of body) pieces.push(String(piece))
    }
    await expect(read()).rejects.toMatchObject({ code: 'E_CONNECTION' })
    expect(pieces.join('')).toBe('half')
  })

  test('an error has its body', async () => {
    const { status, body } = await bucketAt(await serve(refusal(404, 'NoSuchKey'))).stream(GET, signal)
    let text = ''
    for await (const piece of body) text += piece
    expect({ status, text }).toMatchObject({ status: 404, text: expect.stringContaining('NoSuchKey') })
  })
})

describe('the gate', () => {
  test.each([
    ['503', refusal(503, 'SlowDown')],
    ['429', answer(429)],
    ['SlowDown inside a 200', refusal(200, 'SlowDown')],
  ])('%s halves it', async (_, busy) => {
    const bucket = bucketAt(await serve(busy))
    expect(failureOf(await bucket.send(PUT, signal), 'a')).toMatchObject({ code: 'E_BUSY' })
    expect(bucket.gate.limit).toBe(8)
  })

  test('no more requests are in flight than it lets through', async () => {
    let inFlight = 0
    let most = 0
    const slow: Answer = (response) => {
      most = Math.max(most, ++inFlight)
      setImmediate(() => {
        inFlight--
        response.end('x')
      })
    }
    const bucket = bucketAt(await serve(slow))
    await Promise.all(Array.from({ length: 100 }, () => bucket.send(GET, signal)))
    expect(most).toBeLessThanOrEqual(bucket.gate.limit)
    expect(bucket.gate.inFlight).toBe(0)
  })
})
