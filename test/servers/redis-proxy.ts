/** A proxy in front of a server that misbehaves as told. It hands bytes on as they are and looks only for texts in them. */
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'

export interface RedisProxy {
  readonly port: number
  /** connections that were made to it */
  readonly connections: () => number
  /** hands the bytes on up to and including this text, waits for the answer, and cuts the connection instead of giving it */
  loseAnswerTo(text: string): void
  /** cuts the connection once this many bytes of answers have been handed on */
  cutAfter(bytes: number): void
  /** answers nothing that holds this text, and leaves the connection open */
  hangOn(text: string): void
  stop(): Promise<void>
}

export async function startProxy(to: number): Promise<RedisProxy> {
  const sockets = new Set<Socket>()
  let connections = 0
  let losing: string | undefined
  let hanging: string | undefined
  let bytesLeft = Number.POSITIVE_INFINITY
  const server = createServer((client) => {
    connections++
    const upstream = connect(to, '127.0.0.1')
    let mute = false
    let lose = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (bytes) => {
      if (losing !== undefined && bytes.includes(losing)) {
        lose = true
        losing = undefined
      }
      if (hanging !== undefined && bytes.includes(hanging)) mute = true
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (mute) return
      if (lose) {
        client.destroy()
        return
      }
      if (bytes.length >= bytesLeft) {
        client.write(bytes.subarray(0, bytesLeft), () => client.destroy())
        bytesLeft = Number.POSITIVE_INFINITY
        return
      }
      bytesLeft -= bytes.length
      client.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    connections: () => connections,
    loseAnswerTo: (text) => {
      losing = text
    },
    cutAfter: (bytes) => {
      bytesLeft = bytes
    },
    hangOn: (text) => {
      hanging = text
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
