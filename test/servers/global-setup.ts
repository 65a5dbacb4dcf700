/** One redis-server for the whole test run; a test file that needs a special one starts its own. */
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { startRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `redis://127.0.0.1:PORT`, without a database: each test file takes one of its own */
    redis: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startRedis(['--databases', '64'])
  project.provide('redis', `redis://127.0.0.1:${server.port}`)
  return () => server.stop()
}
