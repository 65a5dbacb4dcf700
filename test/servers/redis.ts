/** Real redis-servers on free loopback ports, each in a directory of its own, ended by their process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'

export interface RedisServer {
  readonly port: number
  /** the location of database 0 */
  readonly location: string
  readonly directory: string
  stop(): Promise<void>
  /** as a crash does it: kill -9 */
  kill(): Promise<void>
}

/** Starts a server with further command-line settings, e.g. `['--requirepass', 'x']`. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort()
  const directory = await mkdtemp(join(tmpdir(), 'rekey-redis-'))
  const base = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', directory]
  const server = spawn('redis-server', [...base, ...settings], { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(server, 'exit')
  await reachable(port, ended)
  const end = async (signal: NodeJS.Signals) => {
    server.kill(signal)
    await ended
    await rm(directory, { recursive: true, force: true })
  }
  return {
    port,
    location: `redis://127.0.0.1:${port}/0`,
    directory,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

async function reachable(port: number, ended: Promise<unknown>): Promise<void> {
  let over = false
  ended.then(() => {
    over = true
  })
  while (!over) {
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`redis-server ended before it listened on ${port}`)
}
