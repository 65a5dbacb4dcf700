/**
 * The bundle that bin/ runs, made anew when a source is younger; one redis-server for the whole test run, and one S3
 * server when a test asks for it. A test file that needs a special one starts its own.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { startCeph } from './ceph-rgw.ts'
import { offerOnDemand } from './on-demand.ts'
import { startRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `redis://127.0.0.1:PORT`, without a database: each test file takes one of its own */
    redis: string
    /** where the S3 server is on offer; `s3Server()` asks for it */
    s3: number
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync('bash', ['-c', BUNDLE_WHEN_STALE], { cwd: fileURLToPath(new URL('../../', import.meta.url)) })
  const redis = await startRedis(['--databases', '64'])
  project.provide('redis', `redis://127.0.0.1:${redis.port}`)
  const s3 = await offerOnDemand(startCeph)
  project.provide('s3', s3.port)
  return async () => {
    await Promise.all([redis.stop(), s3.stop()])
  }
}

const BUNDLE_WHEN_STALE = `
  if [ ! -e dist/run.js ] || [ -n "$(find src build package.json -newer dist/run.js -print -quit)" ]; then
    node build/bundle.js
  fi`
