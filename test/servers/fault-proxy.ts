/**
 * A proxy in front of an HTTP server that misbehaves as told, each fault a piece of data, and notes what was asked.
 * What it does not spoil it hands on as it came, the Host header too, since a signature covers it.
 */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AimedFault, Effect, Fault } from './faults.ts'
import { aimed } from './faults.ts'

export type { Fault } from './faults.ts'
export { s3Error, slowDown } from './faults.ts'

/** A request as it came in. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  /** what it was struck by */
  readonly faults: readonly Effect['does'][]
  /** which of the proxy's connections it came by, from 1 */
  readonly connection: number
}

export interface FaultProxy {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string
  readonly requests: readonly Seen[]
  /** adds faults to those that there are; each begins to count now */
  inject(...faults: readonly Fault[]): void
  /** forgets all faults and requests */
  clear(): void
  stop(): Promise<void>
}

export async function startFaultProxy(to: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true })
  const connections = new Map<Socket, number>()
  const seen: Seen[] = []
  let faults: AimedFault[] = []
  let connected = 0

  const server = createServer((incoming, reply) => {
    const { method = '', url: path = '', headers, socket } = incoming
    const struck = faults.filter((fault) => fault.strikes({ method, path, headers }))
    seen.push({
      method,
      path,
      headers,
      faults: struck.map(({ does }) => does),
      connection: connections.get(socket) ?? 0,
    })
    // A client that goes away while it is served is no failure of the proxy.
    serve(incoming, reply, struck).catch(() => socket.destroy())
  })
  // As long as nothing is told, a connection stays.
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => {
    connections.set(socket, ++connected)
    socket.on('close', () => connections.delete(socket))
  })

  async function serve(incoming: IncomingMessage, reply: ServerResponse, struck: readonly Effect[]): Promise<void> {
    const { socket } = incoming
    for (const fault of struck) {
      if (fault.does === 'wait') await sleep(fault.ms)
      else if (fault.does === 'meanwhile') await fault.act()
    }
    const fault = struck.find(({ does }) => does !== 'wait' && does !== 'meanwhile')
    if (fault?.does === 'hang') {
      incoming.resume()
      return
    }
    if (fault?.does === 'drop') {
      socket.resetAndDestroy()
      return
    }
    if (fault?.does === 'answer') {
      await buffer(incoming)
      reply.writeHead(fault.status, fault.headers).end(fault.body)
      return
    }
    const answer = await forward(incoming, to, agent)
    if (fault?.does === 'lose') {
      await buffer(answer)
      socket.resetAndDestroy()
      return
    }
    if (fault?.does === 'cut' || fault?.does === 'reset') {
      const bytes = (await bytesOf(answer)).subarray(0, fault.atByte)
      await new Promise((resolve) => socket.write(bytes, resolve))
      if (fault.does === 'cut') socket.end()
      else socket.resetAndDestroy()
      return
    }
    if (fault?.does === 'omit') {
      const body = (await buffer(answer)).toString('latin1').replace(fault.what, '')
      reply.writeHead(answer.statusCode ?? 0, { 'content-type': 'application/xml' }).end(body, 'latin1')
      return
    }
    reply.sendDate = false
    if (fault?.does === 'close') reply.shouldKeepAlive = false
    reply.writeHead(answer.statusCode ?? 0, answer.statusMessage, ownHeaders(answer))
    await pipeline(answer, reply)
    if (fault?.does === 'die') socket.end()
  }

  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: seen,
    inject: (...added) => {
      faults = [...faults, ...added.map(aimed)]
    },
    clear: () => {
      faults = []
      seen.length = 0
    },
    stop: async () => {
      const closed = once(server.close(), 'close')
      for (const socket of connections.keys()) socket.destroy()
      agent.destroy()
      await closed
    },
  }
}

async function forward(incoming: IncomingMessage, to: string, agent: Agent): Promise<IncomingMessage> {
  const headers = ownHeaders(incoming)
  const hasBody = incoming.headers['content-length'] ?? incoming.headers['transfer-encoding']
  if (hasBody === undefined) headers.push('Content-Length', '0')
  const { hostname, port } = new URL(to)
  const outgoing = request({ hostname, port, agent, method: incoming.method, path: incoming.url, headers })
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>
  await Promise.all([answered, pipeline(incoming, outgoing)])
  const [answer] = await answered
  return answer
}

/** All headers but those about the connection, which each side has of its own. */
function ownHeaders({ rawHeaders }: IncomingMessage): string[] {
  const pairs = Array.from({ length: rawHeaders.length / 2 }, (_, at) => rawHeaders.slice(2 * at, 2 * at + 2))
  return pairs.filter(([name = '']) => !/^(connection|keep-alive)$/i.test(name)).flat()
}

/** A reply as it goes over the wire. */
async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const body = await buffer(answer)
  const headers = ownHeaders(answer)
  const lines = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : []))
  const head = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...lines, '', ''].join('\r\n')
  const isChunked = answer.headers['transfer-encoding'] === 'chunked'
  const pieces = isChunked ? [`${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n'] : [body]
  return Buffer.concat(
    [head, ...pieces].map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
  )
}
