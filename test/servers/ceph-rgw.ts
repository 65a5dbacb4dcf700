/** A real S3 server that keeps everything in memory: Ceph's RADOS gateway, started by the script beside this. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('ceph-rgw', import.meta.url))

export interface S3User {
  readonly accessKey: string
  readonly secretKey: string
}

/** Where it is, and two users of it who own nothing of each other's. */
export interface S3Server extends S3User {
  readonly endpoint: string
  readonly other: S3User
}

export interface CephServer extends S3Server {
  stop(): Promise<void>
}

/** About two seconds. `settings` are lines of ceph.conf for the gateway. It ends with this process at the latest. */
export async function startCeph(settings: readonly string[] = []): Promise<CephServer> {
  const script = spawn(SCRIPT, settings, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(script, 'close')
  const line = await new Promise<string | undefined>((resolve) => {
    createInterface({ input: script.stdout })
      .once('line', resolve)
      .once('close', () => resolve(undefined))
  })
  if (line === undefined) throw new Error('Ceph has not started')
  const { endpoint, users } = JSON.parse(line) as { endpoint: string; users: [S3User, S3User] }
  const [main, other] = users
  return {
    endpoint,
    ...main,
    other,
    stop: async () => {
      script.stdin.end()
      await ended
    },
  }
}
