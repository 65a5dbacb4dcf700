/** A Redis cluster of three masters on free loopback ports. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Redis } from 'ioredis'
import type { RedisServer } from './redis.ts'
import { startRedis } from './redis.ts'

export interface RedisCluster {
  readonly servers: readonly RedisServer[]
  /** names the first of the servers */
  readonly location: string
  stop(): Promise<void>
}

export async function startRedisCluster(settings: readonly string[] = []): Promise<RedisCluster> {
  const clustered = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', ...settings]
  const servers: RedisServer[] = []
  // A server's second port is its first and 10,000 more, so a first port must leave room for it.
  while (servers.length < 3) {
    const server = await startRedis(clustered).catch(() => undefined)
    if (server !== undefined) servers.push(server)
  }
  const addresses = servers.map(({ port }) => `127.0.0.1:${port}`)
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'])
  await Promise.all(servers.map(agreed))
  return {
    servers,
    location: `redis+cluster://${addresses[0]}`,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

/** Waits until a server says that the cluster is whole. */
async function agreed({ port }: RedisServer): Promise<void> {
  const client = new Redis(port, '127.0.0.1')
  while (!/cluster_state:ok/.test(String(await client.cluster('INFO')))) await new Promise(setImmediate)
  client.disconnect()
}
