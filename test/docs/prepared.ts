/**
 * Where the examples of the pages run: a directory with the files that they name, two Redis servers, and a bucket named
 * `bucket` that the profile `archive` may read. Each script finds the files and the Redis servers as the first one did.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll } from 'vitest'
import type { ToolRun } from '../run-tool.ts'
import { ROOT, runShell } from '../run-tool.ts'
import { startRedis } from '../servers/redis.ts'
import { REGION, s3Client, s3Server } from '../servers/s3.ts'

export interface Prepared {
  /** runs a command in the directory; times, ports and the directory's name in its output are as the pages have them */
  run(command: string): Promise<Pick<ToolRun, 'code'> & { readonly output: string }>
  /** makes the directory and the servers what they were at first */
  reset(): Promise<void>
}

/** The directory's name in the pages. */
const SHOWN_DIRECTORY = '/srv/demo'

const PLANT_FILES = `
  set -e
  node "$CHECKOUT/pipelines/demo/plant.js" data 40
  # Without the two files that such an index has beside the domains: the pages have no use for what is refused.
  rm -r data/indexes/domains/*/ data/indexes/domains/datapackage.json
  list-keys --quiet --values data > listing.ndjson
  rewrite-keys --quiet --sub 's|^indexes/|new/|' --to-store copied/ < listing.ndjson > plan.ndjson
  copy-apply --quiet < plan.ndjson > run.ndjson
  verify --quiet < run.ndjson > proven.ndjson
  delete-apply --dry-run --quiet < proven.ndjson > deleted.ndjson
  cp -r data indexes
  printf 'indexes/domains/0-180-com.json,renamed.json\\n' > renames.csv
`

const PLANT_REDIS = `
  redis-cli -u redis://localhost:6379/0 flushall > /dev/null
  redis-cli -u redis://other:6379/0 flushall > /dev/null
  redis-cli -u redis://localhost:6379/0 > /dev/null <<'END'
    set text:1 plain
    set text:2 short-lived
    expire text:2 3600
    hset job:1 status pending updated_at 2026-01-05T10:00:00Z
    hset job:2 status completed updated_at 2026-01-05T11:00:00Z
    expire job:2 3600
    rpush job:2:log begun ended
    zadd jobs:pending 1.5 1
END
`

export async function prepare(): Promise<Prepared> {
  const [here, other] = await Promise.all([startRedis(), startRedis()])
  const base = await mkdtemp(join(tmpdir(), 'rekey-docs-'))
  const directory = join(base, 'demo')
  const pristine = join(base, 'pristine')
  await mkdir(directory)
  afterAll(async () => {
    await Promise.all([here.stop(), other.stop(), rm(base, { recursive: true, force: true })])
  })
  const profiles = join(base, 'profiles')
  await prepareBucket(profiles)
  const env = { CHECKOUT: ROOT, REDIS_URL: here.location, AWS_CONFIG_FILE: profiles }
  const run = async (command: string) => {
    const script = command
      .replaceAll('localhost:6379', `127.0.0.1:${here.port}`)
      .replaceAll('other:6379', `127.0.0.1:${other.port}`)
    const { stdout, code } = await runShell(`umask 022; exec 2>&1; ${script}`, { cwd: directory, env })
    const output = stdout
      .replaceAll(directory, SHOWN_DIRECTORY)
      .replaceAll(`127.0.0.1:${here.port}`, 'localhost:6379')
      .replaceAll(`127.0.0.1:${other.port}`, 'other:6379')
    return { code, output }
  }
  const must = async (script: string) => {
    const { code, output } = await run(script)
    if (code !== 0) throw new Error(`the preparation failed: ${output}`)
  }
  await must(PLANT_FILES)
  await copyDirectory(directory, pristine)
  return {
    run,
    async reset() {
      await rm(directory, { recursive: true })
      await copyDirectory(pristine, directory)
      await must(PLANT_REDIS)
    },
  }
}

async function prepareBucket(profiles: string): Promise<void> {
  const server = await s3Server()
  const client = s3Client(server)
  await client.send(new CreateBucketCommand({ Bucket: 'bucket' }))
  await client.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'logs/1.json', Body: '{}' }))
  client.destroy()
  const lines = [
    '[profile archive]',
    `aws_access_key_id = ${server.accessKey}`,
    `aws_secret_access_key = ${server.secretKey}`,
    `endpoint_url = ${server.endpoint}`,
    `region = ${REGION}`,
  ]
  await writeFile(profiles, `${lines.join('\n')}\n`)
}

/** With the files' times to the nanosecond, by which a record knows its key again; node's own `cp` rounds them. */
async function copyDirectory(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}
