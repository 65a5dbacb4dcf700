// A redis-server of the benchmark's own, on a free loopback port, without persistence.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/**
 * Starts a server: `{location, port, client, cpuS(), stop()}`. It ends with this process at the latest. Undefined, and
 * said, where there is no redis-server.
 */
export async function startRedis(bench) {
  if (!bench.has('redis-server')) {
    bench.say('there is no redis-server: left out')
    return undefined
  }
  const port = await freePort()
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const server = spawn('redis-server', [...words, '--dir', bench.directory], { stdio: ['ignore', 'ignore', 'inherit'] })
  const end = () => server.kill()
  process.once('exit', end)
  const client = await connect(port, server)
  return {
    port,
    location: `redis://127.0.0.1:${port}/0`,
    client,
    /** CPU seconds that the server has used so far */
    cpuS: async () => {
      const text = await client.info('cpu')
      return Number(/used_cpu_user:(\S+)/.exec(text)?.[1]) + Number(/used_cpu_sys:(\S+)/.exec(text)?.[1])
    },
    stop: async () => {
      client.disconnect()
      const ended = once(server, 'exit')
      server.kill()
      await ended
      process.off('exit', end)
    },
  }
}

/** Plants `count` keys by `add(pipeline, number)`, in pipelines of a thousand. */
export async function plant(client, count, add) {
  for (let at = 0; at < count; at += 1000) {
    const pipeline = client.pipeline()
    for (let number = at; number < Math.min(at + 1000, count); number++) add(pipeline, number)
    await pipeline.exec()
  }
}

/** A job of ten fields, about 300 bytes. */
export function addJob(pipeline, number) {
  const id = `${number.toString(16).padStart(8, '0')}-5f0e-4c1b-9a77-a0c2d4e6f810`
  pipeline.hset(
    `job:${id}`,
    ...['id', id, 'service_required', 'comfyui', 'priority', '50', 'status', 'completed', 'retry_count', '0'],
    ...['max_retries', '3', 'customer_id', `customer-${number % 1000}`, 'created_at', '2026-01-05T10:00:00.123Z'],
    ...['workflow_id', `wf-${number % 5000}`, 'payload', `{"prompt":"a lake at dawn, number ${number}","steps":20}`],
  )
}

/** Removes every key that matches, so that the next run finds what the last one found. */
export async function removeMatching(client, match) {
  for await (const keys of client.scanStream({ match, count: 1000 })) {
    if (keys.length > 0) await client.unlink(...keys)
  }
}

async function connect(port, server) {
  for (;;) {
    if (server.exitCode !== null) throw new Error('redis-server ended before it listened')
    const client = new Redis({ port, lazyConnect: true, retryStrategy: () => null })
    client.on('error', () => {})
    const isConnected = await client.connect().then(
      () => true,
      () => false,
    )
    if (isConnected) return client
    await sleep(20)
  }
}

export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
