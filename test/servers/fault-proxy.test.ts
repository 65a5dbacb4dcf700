/** Each fault as a client meets it, and what the server behind the proxy has seen of it. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runCommand } from '../run-tool.ts'
import type { Fault, FaultProxy } from './fault-proxy.ts'
import { s3Error, slowDown, startFaultProxy } from './fault-proxy.ts'
import { freshBucket, runAws, s3Environment, s3Server } from './s3.ts'

describe('before a server that says what it was asked', () => {
  let server: Server
  let proxy: FaultProxy
  let served: string[]
  beforeAll(async () => {
    server = createServer(async (request, answer) => {
      const body = Buffer.concat(await request.toArray())
      served.push(`${request.method} ${request.url} ${body}`)
      answer.setHeader('content-length', 2).end('ok')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  beforeEach(async () => {
    served = []
    proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  })
  afterEach(() => proxy.stop())
  afterAll(() => server.close())

  /** Everything that comes back on a new connection until it ends, or `reset`. */
  const ask = async (text = 'PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc'): Promise<string> => {
    const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1')
    socket.write(text)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    const end = await Promise.race([once(socket, 'end').then(() => ''), once(socket, 'close').then(() => '')]).catch(
      (error) => `(${error.code})`,
    )
    socket.destroy()
    return `${Buffer.concat(chunks)}${end}`
  }

  test('hands on what it is not told to spoil', async () => {
    proxy.inject({ does: 'die' })
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 OK\r\n(?!.*close).*\r\n\r\nok$/s)
    expect(served).toEqual(['PUT /a abc'])
    expect(proxy.requests).toMatchObject([{ method: 'PUT', path: '/a', headers: { host: 'h' }, faults: ['die'] }])
  })

  test.each<[string, Fault, RegExp, number]>([
    ['an answer of its own', { does: 'answer', ...slowDown }, /^HTTP\/1\.1 503 .*<Code>SlowDown<\/Code>/s, 0],
    ['an error inside a 200', { does: 'answer', ...s3Error(200, 'InternalError') }, /^HTTP\/1\.1 200 .*<Error>/s, 0],
    ['a connection that is gone', { does: 'drop' }, /^\(ECONNRESET\)$/, 0],
    ['an answer that is lost', { does: 'lose' }, /^\(ECONNRESET\)$/, 1],
    ['a reply that is cut', { does: 'cut', atByte: 12 }, /^HTTP\/1\.1 200$/, 1],
    ['a reply that is reset', { does: 'reset', atByte: 0 }, /^\(ECONNRESET\)$/, 1],
    ['a connection that ends as said', { does: 'close' }, /^HTTP.*\r\nConnection: close\r\n.*\r\nok$/s, 1],
  ])('%s', async (_, fault, reply, timesServed) => {
    proxy.inject(fault, { does: 'die', skip: 1 })
    const text = fault.does === 'answer' ? withClose : undefined
    expect(await ask(text)).toMatch(reply)
    expect(served.length).toBe(timesServed)
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 OK/)
  })
  const withClose = 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'

  test('no answer at all', async () => {
    proxy.inject({ does: 'hang' })
    const first = ask().then(() => 'first')
    expect(await Promise.race([first, ask(withClose).then(() => 'second')])).toBe('second')
    expect(served).toEqual(['GET /a '])
  })

  test('an answer that takes its time', async () => {
    proxy.inject({ does: 'wait', ms: 200 }, { does: 'answer', ...slowDown })
    const begun = performance.now()
    expect(await ask(withClose)).toMatch(/^HTTP\/1\.1 503/)
    expect(performance.now() - begun).toBeGreaterThan(190)
  })

  test('a fault strikes just what it aims at, and as often as it says', async () => {
    proxy.inject({ does: 'answer', status: 500, method: 'GET', path: /^\/b\?/, skip: 1, every: 2, times: 2 })
    const statuses: string[] = []
    for (const path of ['/a', '/b?1', '/b?2', '/b?3', '/b?4', '/b?5', '/b?6', '/b?7', '/b?8']) {
      const reply = await ask(`GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
      statuses.push(reply.slice(9, 12))
    }
    expect(statuses).toEqual(['200', '200', '200', '500', '200', '500', '200', '200', '200'])
    proxy.clear()
    expect(proxy.requests).toEqual([])
  })
})

test('aws and rclone reach the S3 server through it, signatures and all, and try again', async () => {
  const server = await s3Server()
  const bucket = await freshBucket(server)
  const proxy = await startFaultProxy(server.endpoint)
  proxy.inject(
    { does: 'answer', ...slowDown, method: 'PUT' },
    { does: 'close', every: 2, times: Number.POSITIVE_INFINITY },
  )
  const through = { ...server, endpoint: proxy.endpoint }

  const written = await runAws(through, ['s3', 'cp', '-', `${bucket.location}/a b/ü+`], 'text')
  expect(written).toMatchObject({ stderr: '', code: 0 })
  expect(proxy.requests.map(({ method, faults }) => `${method} ${faults}`)).toEqual(['PUT answer', 'PUT close'])

  const copied = await runAws(through, ['s3', 'cp', `${bucket.location}/a b/ü+`, `${bucket.location}/c`])
  expect(copied).toMatchObject({ stderr: '', code: 0 })
  const args = ['cat', `s3:${bucket.name}/c`]
  const read = await runCommand('rclone', { args, env: s3Environment(through) })
  expect(read).toMatchObject({ stdout: 'text', code: 0 })
  await proxy.stop()
})
