/** A server that answers requests as told, one after the other, on a free port of the loopback; it keeps what came. */
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** counted from 0 over the connections in the order of their first requests */
  readonly connection: number
}

export type Answer = (response: ServerResponse, request: Received) => void

export interface FakeServer {
  readonly origin: string
  readonly host: string
  readonly received: readonly Received[]
  stop(): Promise<void>
}

/** The last answer is given to all further requests. */
export async function fakeServer(...answers: readonly Answer[]): Promise<FakeServer> {
  const received: Received[] = []
  const sockets: unknown[] = []
  const server = createServer(async (incoming, response) => {
    if (!sockets.includes(incoming.socket)) sockets.push(incoming.socket)
    const connection = sockets.indexOf(incoming.socket)
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const { method = '', url = '', headers } = incoming
    const request = { method, url, headers, body: Buffer.concat(chunks).toString(), connection }
    received.push(request)
    const answer = answers[Math.min(received.length, answers.length) - 1] as Answer
    answer(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin: `http://${host}`,
    host,
    received,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An answer of this status, with this body. */
export function answer(status: number, body = '', headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers }).end(body)
}

/** S3's way to say no. */
export function refusal(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>because</Message></Error>`
  return answer(status, body, headers)
}
