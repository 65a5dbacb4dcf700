/**
 * The bundle that bin/ runs, made anew when a source is younger; one redis-server for the whole test run, and one S3
 * server and one DynamoDB server when a test asks for them. A test file that needs a special one starts its own.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type {} from 'vitest'
import type { TestProject } from 'vitest/node'
import { startCeph } from './ceph-rgw.ts'
import { startDynalite } from './dynalite.ts'
import { offerOnDemand } from './on-demand.ts'
import { startRedis } from './redis.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** `redis://127.0.0.1:PORT`, without a database: each test file takes one of its own */
    redis: string
    /** where the S3 server is on offer; `s3Server()` asks for it */
    s3: number
    /** where the DynamoDB server is on offer; `dynamoDbServer()` asks for it */
    dynamodb: number
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  execFileSync('bash', ['-c', BUNDLE_WHEN_STALE], { cwd: fileURLToPath(new URL('../../', import.meta.url)) })
  const redis = await startRedis(['--databases', '64'])
  project.provide('redis', `redis://127.0.0.1:${redis.port}`)
  const s3 = await offerOnDemand(startCeph)
  project.provide('s3', s3.port)
  const dynamodb = await offerOnDemand(startDynalite)
  project.provide('dynamodb', dynamodb.port)
  return async () => {
    await Promise.all([redis.stop(), s3.stop(), dynamodb.stop()])
  }
}

const BUNDLE_WHEN_STALE = `
  if [ ! -e dist/run.js ] || [ -n "$(find src build package.json -newer dist/run.js -print -quit)" ]; then
    node build/bundle.js
  fi`
