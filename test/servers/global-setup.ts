/**
 * The bundle that bin/ runs, made anew when a source is younger, and one redis-server for the whole test run; a test
 * file that needs a special one starts its own.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
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
  execFileSync('bash', ['-c', BUNDLE_WHEN_STALE], { cwd: fileURLToPath(new URL('../../', import.meta.url)) })
  const server = await startRedis(['--databases', '64'])
  project.provide('redis', `redis://127.0.0.1:${server.port}`)
  return () => server.stop()
}

const BUNDLE_WHEN_STALE = `
  if [ ! -e dist/run.js ] || [ -n "$(find src build package.json -newer dist/run.js -print -quit)" ]; then
    node build/bundle.js
  fi`
