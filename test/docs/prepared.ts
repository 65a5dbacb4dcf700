/**
 * Where the examples of the pages run: a directory with the files that they name, two Redis servers, a bucket of S3 with
 * versions and a table of DynamoDB. Each script finds directory and Redis as the first one did; the others are planted once.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'
import type { ToolRun } from '../run-tool.ts'
import { ROOT, runShell } from '../run-tool.ts'
import { dynamoDbServer, freshTable } from '../servers/dynamodb.ts'
import { startRedis } from '../servers/redis.ts'
import { freshBucket, s3Environment, s3Server } from '../servers/s3.ts'
import { put } from '../store/dynamodb/open.ts'

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
  shard-keys --quiet --parts 3 --out parts/ < plan.ndjson
  copy-apply --quiet < plan.ndjson > run.ndjson
  verify --quiet < run.ndjson > proven.ndjson
  track-progress --quiet --plan plan.ndjson ./progress/ < run.ndjson > /dev/null
  track-progress --quiet --instance pi-1 --total 40 ./status/ < run.ndjson > /dev/null
  cp -r data indexes
  printf 'indexes/domains/0-180-com.json,renamed.json\\n' > renames.csv
  printf '{"key":"t%s","value":{"lat":30.%s,"lon":-97.7,"phrase":"dentist"}}\\n' 1 2 2 3 > targets.ndjson
  printf '{"key":"w1","value":{"lat":"30.2","lon":"-97.7","phrase":"dentist"}}\\n' > witnesses.ndjson
  printf '{"key":"u%s","size":%s,"value":{"space":"did:key:%s"}}\\n' 1 500 a 2 300 b 3 200 a 4 350 c > uploads.ndjson
  printf '{"instanceId":1,"customers":["did:mailto:a.example:ann","did:mailto:b.example:bob"]}' > customers.json
  list-keys --quiet data/indexes/ --limit 5 | rewrite-keys --quiet --sub 's|^|draft/|' --to-store s3://bucket |
    copy-apply --quiet > /dev/null
  list-keys --quiet s3://bucket/draft/ | rewrite-keys --quiet --sub 's|^draft/|logs/|' | copy-apply --quiet |
    verify --quiet | delete-apply --quiet > deleted.ndjson
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

const UPLOADS = {
  AttributeDefinitions: ['space', 'root', 'status'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  })),
  KeySchema: [
    { AttributeName: 'space', KeyType: 'HASH' as const },
    { AttributeName: 'root', KeyType: 'RANGE' as const },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'status-index',
      KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' as const }],
      Projection: { ProjectionType: 'ALL' as const },
    },
  ],
}

const UPLOAD_ITEMS = ['done', 'done', 'failed'].map((status, at) => ({
  space: { S: `did:old:${at % 2}` },
  root: { S: `bafy${at}` },
  status: { S: status },
  size: { N: '12345678901234567890' },
  shards: { SS: [`bag${at}`] },
}))

export async function prepare(): Promise<Prepared> {
  const [here, other] = await Promise.all([startRedis(), startRedis()])
  const server = await s3Server()
  const bucket = await freshBucket(server, { versioning: true })
  const tables = await dynamoDbServer()
  const table = await freshTable(tables, UPLOADS)
  await put(table, ...UPLOAD_ITEMS)
  const base = await mkdtemp(join(tmpdir(), 'rekey-docs-'))
  const directory = join(base, 'demo')
  const pristine = join(base, 'pristine')
  await mkdir(directory)
  afterAll(async () => {
    await Promise.all([here.stop(), other.stop(), rm(base, { recursive: true, force: true })])
  })
  const env = {
    CHECKOUT: ROOT,
    REDIS_URL: here.location,
    ...s3Environment(server),
    AWS_ENDPOINT_URL_DYNAMODB: tables.endpoint,
  }
  const run = async (command: string) => {
    const script = command
      .replaceAll('localhost:6379', `127.0.0.1:${here.port}`)
      .replaceAll('other:6379', `127.0.0.1:${other.port}`)
      .replaceAll('s3://bucket', bucket.location)
      .replaceAll('dynamodb://uploads', table.location)
    const { stdout, code } = await runShell(`umask 022; exec 2>&1; ${script}`, { cwd: directory, env })
    const output = stdout
      .replaceAll(directory, SHOWN_DIRECTORY)
      .replaceAll(`127.0.0.1:${here.port}`, 'localhost:6379')
      .replaceAll(`127.0.0.1:${other.port}`, 'other:6379')
      .replaceAll(bucket.location, 's3://bucket')
      .replaceAll(table.location, 'dynamodb://uploads')
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

/** With the files' times to the nanosecond, by which a record knows its key again; node's own `cp` rounds them. */
async function copyDirectory(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to])
}
