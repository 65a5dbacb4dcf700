/** Connections: when one is used again, when it is not, and how long anything may take. */
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Handler } from '../../../src/store/s3/http-connection.ts'
import { FEW, HttpPool } from '../../../src/store/s3/http-pool.ts'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

const closings: Array<() => unknown> = []
afterEach(async () => {
  for (const close of closings.splice(0)) await close()
})

/** A server that is told of each request's head: the socket, how many came on it before, the head. */
async function serve(
  answer: (socket: Socket, nth: number, head: string) => void,
  host = '127.0.0.1',
): Promise<{ at: string; sockets: Socket[] }> {
  const sockets: Socket[] = []
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.push(socket)
    let nth = 0
    socket.on('data', (bytes) => answer(socket, nth++, bytes.toString('latin1')))
    socket.on('error', () => {})
  })
  await once(server.listen(0, host), 'listening')
  closings.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const name = host.includes(':') ? `[${host}]` : host
  return { at: `http://${name}:${(server.address() as AddressInfo).port}`, sockets }
}

function poolAt(at: string, timeoutMs = 10_000, most = 100): HttpPool {
  const pool = new HttpPool(at, timeoutMs, most)
  closings.push(() => pool.destroy())
  return pool
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** An answer, or the error; `onData` may ask for a pause. */
function ask(
  pool: HttpPool,
  options: { method?: string; body?: Buffer; handler?: Partial<Handler> } = {},
): Promise<Answer | Error> {
  return new Promise((resolve) => {
    const answer = { status: 0, body: '' }
    const handler: Handler = {
      isOver: false,
      onConnect: () => {},
      onHeaders: (status) => {
        answer.status = status
      },
      onData: (bytes, from, to) => {
        answer.body += bytes.toString('latin1', from, to)
        return true
      },
      onComplete: () => resolve(answer),
      onError: resolve,
      ...options.handler,
    }
    pool.dispatch({ method: options.method ?? 'GET', path: '/', lines: 'host: h\r\n', body: options.body }, handler)
  })
}

const answered = { status: 200, body: 'ok' }

describe('a connection', () => {
  test('is used again, but not in the moment of its answer, when its end may be on the way', async () => {
    const { at, sockets } = await serve((socket) => {
      socket.write(OK)
      // Behind the answer, and the server has said nothing of it.
      setImmediate(() => socket.end())
    })
    const pool = poolAt(at)
    for (let nth = 0; nth < 20; nth++) expect(await ask(pool)).toEqual(answered)
    expect(sockets.length).toBe(20)
  })

  test('that stays is used again', async () => {
    const { at, sockets } = await serve((socket) => socket.write(OK))
    const pool = poolAt(at)
    for (let nth = 0; nth < 20; nth++) expect(await ask(pool)).toEqual(answered)
    expect(sockets.length).toBe(2)
  })

  test('on which more came than was asked for is not', async () => {
    const { at, sockets } = await serve((socket) => socket.write(`${OK}HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n`))
    const pool = poolAt(at)
    for (let nth = 0; nth < 5; nth++) expect(await ask(pool)).toEqual(answered)
    expect(sockets.length).toBe(5)
  })

  test('that the server keeps for a second is not used behind that', async () => {
    const { at, sockets } = await serve((socket) => socket.write(OK.replace('\r\n', '\r\nkeep-alive: timeout=1\r\n')))
    const pool = poolAt(at)
    for (let nth = 0; nth < 5; nth++) expect(await ask(pool)).toEqual(answered)
    expect(sockets.length).toBe(5)
  })

  test.each([
    ['fewer than may be', FEW * 3, 100, FEW * 3],
    ['more: they wait', 200, FEW, FEW],
  ])('for each of many requests at once, %s', async (_, requests, most, expected) => {
    const { at, sockets } = await serve((socket) => void setImmediate(() => socket.write(OK)))
    const pool = poolAt(at, 10_000, most)
    const answers = await Promise.all(Array.from({ length: requests }, () => ask(pool)))
    expect(answers).toEqual(answers.map(() => answered))
    expect(sockets.length).toBe(expected)
  })

  test('on which an answer came before all of the request was sent is not', async () => {
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
      sockets.push(socket.on('error', () => {}))
      // Nothing of the body is read.
      socket.write('HTTP/1.1 503 Slow Down\r\ncontent-length: 2\r\n\r\nno')
    })
    const sockets: Socket[] = []
    await once(server.listen(0, '127.0.0.1'), 'listening')
    closings.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const pool = poolAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 2000)
    const body = Buffer.alloc(32 * 1024 * 1024)
    for (let nth = 0; nth < 3; nth++) {
      expect(await ask(pool, { method: 'PUT', body })).toEqual({ status: 503, body: 'no' })
    }
    expect(sockets.length).toBe(3)
  })

  test('to a server that ends in the middle of a request tells it', async () => {
    const { at } = await serve((socket) => socket.resetAndDestroy())
    const body = Buffer.alloc(32 * 1024 * 1024)
    expect(await ask(poolAt(at), { method: 'PUT', body })).toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/),
    })
  })

  test('to an address of IPv6', async () => {
    const { at } = await serve((socket) => socket.write(OK), '::1')
    expect(at).toContain('[::1]')
    expect(await ask(poolAt(at))).toEqual(answered)
  })

  test('that fails tells its own request, and those that wait go on by another', async () => {
    let count = 0
    const { at } = await serve((socket) => (count++ === 0 ? socket.resetAndDestroy() : socket.write(OK)))
    const pool = poolAt(at, 10_000, 1)
    const answers = await Promise.all([ask(pool), ask(pool), ask(pool)])
    expect(answers).toEqual([expect.objectContaining({ code: 'ECONNRESET' }), answered, answered])
  })
})

describe('a request', () => {
  test('that nobody waits for any more is not sent', async () => {
    const heads: string[] = []
    const { at } = await serve((socket, _, head) => {
      heads.push(head)
      socket.write(OK)
    })
    const pool = poolAt(at, 10_000, 1)
    const first = ask(pool)
    void ask(pool, { method: 'PUT', handler: { isOver: true } })
    await Promise.all([first, ask(pool), ask(pool)])
    expect(heads.filter((head) => head.startsWith('PUT'))).toEqual([])
  })

  test('is told when the pool is closed, and so are later ones', async () => {
    const { at } = await serve(() => {})
    const pool = poolAt(at, 10_000, 1)
    const asked = [ask(pool), ask(pool)]
    await pool.destroy()
    expect(await Promise.all([...asked, ask(pool)])).toEqual([expect.any(Error), expect.any(Error), expect.any(Error)])
  })
})

describe('how long it may take', () => {
  const late = expect.objectContaining({ code: 'ETIMEDOUT' })

  test.each([
    ['no answer', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\n'],
    ['half a body', OK.slice(0, -1)],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
  ])('%s', async (_, text) => {
    const { at } = await serve((socket) => socket.write(text))
    expect(await ask(poolAt(at, 100))).toEqual(late)
  })

  test('an answer that comes bit by bit takes its time', async () => {
    const { at } = await serve((socket) => {
      let sent = 0
      const clock = setInterval(() => {
        socket.write(OK.charAt(sent++))
        if (sent === OK.length) clearInterval(clock)
      }, 10)
    })
    expect(await ask(poolAt(at, 250))).toEqual(answered)
  })

  test('so does a body that the server takes bit by bit', async () => {
    let taken = 0
    const body = Buffer.alloc(64 * 1024 * 1024)
    const { at } = await serve((socket, _, bytes) => {
      taken += bytes.length
      if (taken > body.length) return void socket.write(OK)
      // The system holds the last of it, of which nobody can tell how it fares.
      if (taken > body.length - 12 * 1024 * 1024) return
      socket.pause()
      setTimeout(() => socket.resume(), 2)
    })
    const began = performance.now()
    expect(await ask(poolAt(at, 1000), { method: 'PUT', body })).toEqual(answered)
    expect(performance.now() - began).toBeGreaterThan(1500)
  })

  test('so does one whose reader pauses', async () => {
    const { at } = await serve((socket) => socket.write(`${OK.slice(0, -1)}`, () => {}))
    let resume = () => {}
    const taken: string[] = []
    const asked = ask(poolAt(at, 100), {
      handler: {
        onHeaders: (_status, _head, _length, goOn) => {
          resume = goOn
        },
        onData: (bytes, from, to) => {
          taken.push(bytes.toString('utf8', from, to))
          setTimeout(() => resume(), 300)
          return false
        },
      },
    })
    const began = performance.now()
    expect(await asked).toEqual(late)
    expect(taken).toEqual(['o'])
    expect(performance.now() - began).toBeGreaterThanOrEqual(390)
  })
})
