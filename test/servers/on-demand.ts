/**
 * A server that is started when the first test asks for it, once for the whole run, so that a run that needs none does
 * not wait for it. Asking is connecting to a loopback port: what comes is JSON, and comes when the server answers.
 */
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export interface OnDemand {
  /** to be asked at, by `demand`, from any process */
  readonly port: number
  stop(): Promise<void>
}

export async function offerOnDemand<Server extends { stop(): Promise<void> }>(
  start: () => Promise<Server>,
): Promise<OnDemand> {
  let started: Promise<Server> | undefined
  const answer = async (socket: Socket) => {
    socket.on('error', () => {})
    started ??= start()
    const text = await started.then(JSON.stringify, (error) => JSON.stringify({ error: String(error) }))
    socket.end(text)
  }
  const listener = createServer(answer)
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    stop: async () => {
      listener.close()
      const server = await started?.catch(() => undefined)
      await server?.stop()
    },
  }
}

/** The server that is offered at this port; what it holds as data, without its methods. */
export async function demand<Server>(port: number): Promise<Server> {
  const chunks = await connect(port, '127.0.0.1').toArray()
  const server = JSON.parse(Buffer.concat(chunks).toString()) as Server & { error?: string }
  if (server.error !== undefined) throw new Error(server.error)
  return server
}
