/** A proxy in front of a DynamoDB server, which answers some requests itself: throttled, in part, or not at all. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { DynamoDbServer } from './dynalite.ts'

/** A request as it came in, by its operation: `PutItem`. */
export interface Asked {
  readonly operation: string
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever member it is about
  readonly body: any
  /** hands a request on, this one or another, and gives the answer */
  forward(body?: unknown, operation?: string): Promise<Answered>
}

export interface Answered {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly body: any
}

/** Undefined hands the request on; `cut` closes the connection. */
export type Answering = (asked: Asked) => Answered | 'cut' | undefined | Promise<Answered | 'cut' | undefined>

export interface DynamoDbProxy extends DynamoDbServer {
  /** operations, in their order, since the last change of `answering` */
  readonly operations: string[]
  answering: Answering
  stop(): Promise<void>
}

export async function startDynamoDbProxy(to: DynamoDbServer): Promise<DynamoDbProxy> {
  const server = createServer(async (incoming, reply) => {
    const operation = String(incoming.headers['x-amz-target']).split('.')[1] ?? ''
    const sent = await text(incoming)
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).flatMap(([name, value]) =>
        ['content-type', 'authorization', 'x-amz-target', 'x-amz-date'].includes(name) ? [[name, String(value)]] : [],
      ),
    )
    const forward = async (body: unknown = JSON.parse(sent), other = operation): Promise<Answered> => {
      const target = { 'x-amz-target': `DynamoDB_20120810.${other}` }
      const answer = await fetch(to.endpoint, {
        method: 'POST',
        headers: { ...headers, ...target },
        body: JSON.stringify(body),
      })
      return { status: answer.status, body: await answer.json() }
    }
    proxy.operations.push(operation)
    const answer = (await proxy.answering({ operation, body: JSON.parse(sent), forward })) ?? (await forward())
    if (answer === 'cut') incoming.socket.destroy()
    else
      reply.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer.body))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const proxy: DynamoDbProxy = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operations: [],
    answering: () => undefined,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

/** An error as the service answers it. */
export function dynamoDbError(name: string, status = 400, message = 'on purpose'): Answered {
  return { status, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message } }
}
