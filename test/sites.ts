/** Places that a whole pipeline is run on: a directory, a database of the tests' Redis server, a bucket of the S3 one,
 * a table of the DynamoDB one. */
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { Redis } from 'ioredis'
import { directoryWith, filesIn } from './directory.ts'
import { dynamoDbEnvironment, dynamoDbServer, freshTable } from './servers/dynamodb.ts'
import { freshBucket, s3Environment, s3Server } from './servers/s3.ts'
import { emptyTable, itemsOf, put } from './store/dynamodb/open.ts'

/** Keys and their contents. */
export type Contents = Readonly<Record<string, string>>

/** One time for all files, in seconds: files of one content do not differ. */
const PLANTED_AT = 1_700_000_000

export interface Site {
  readonly location: string
  /** what the tools need in their environment to reach it */
  readonly env: Readonly<Record<string, string>>
  /** leaves nothing but these keys */
  plant(contents: Contents): Promise<void>
  snapshot(): Promise<Contents>
  close(): Promise<void>
}

export async function directorySite(): Promise<Site> {
  const directory = await directoryWith({})
  return {
    location: `file:${directory}/`,
    env: {},
    async plant(contents) {
      await rm(directory, { recursive: true })
      await mkdir(directory)
      for (const [path, content] of Object.entries(contents)) {
        await mkdir(dirname(join(directory, path)), { recursive: true })
        await writeFile(join(directory, path), content)
        await utimes(join(directory, path), PLANTED_AT, PLANTED_AT)
      }
    },
    snapshot: () => filesIn(directory),
    close: async () => {},
  }
}

/** A database of the server, which no other test file uses. */
export async function redisSite(location: string): Promise<Site> {
  const redis = new Redis(location)
  return {
    location,
    env: {},
    async plant(contents) {
      await redis.flushdb()
      if (Object.keys(contents).length > 0) await redis.mset(contents)
    },
    async snapshot() {
      const keys = await redis.keys('*')
      const values = keys.length === 0 ? [] : await redis.mget(keys)
      return Object.fromEntries(keys.map((key, at) => [key, values[at] ?? '']))
    },
    async close() {
      await redis.flushdb()
      redis.disconnect()
    },
  }
}

/** A new bucket, which is gone when the test file is done. */
export async function s3Site(): Promise<Site> {
  const server = await s3Server()
  const { name: Bucket, location, client, empty } = await freshBucket(server)
  return {
    location,
    env: s3Environment(server),
    async plant(contents) {
      await empty()
      const entries = Object.entries(contents)
      await Promise.all(
        entries.map(([Key, text]) => client.send(new PutObjectCommand({ Bucket, Key, Body: Buffer.from(text) }))),
      )
    },
    async snapshot() {
      // Enough for what these tests plant.
      const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket }))
      if (IsTruncated) throw new Error('more than one page of keys')
      const read = async ({ Key = '' }) => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        return [Key, (await Body?.transformToString()) ?? ''] as const
      }
      return Object.fromEntries(await Promise.all(Contents.map(read)))
    },
    close: async () => {},
  }
}

/** A new table, which is gone when the test file is done. A content is one attribute of an item. */
export async function dynamoDbSite(): Promise<Site> {
  const server = await dynamoDbServer()
  const table = await freshTable(server)
  return {
    location: table.location,
    env: dynamoDbEnvironment(server),
    async plant(contents) {
      await emptyTable(table, 'pk')
      await put(table, ...Object.entries(contents).map(([pk, body]) => ({ pk: { S: pk }, body: { S: body } })))
    },
    async snapshot() {
      return Object.fromEntries((await itemsOf(table)).map(({ pk, body }) => [pk?.S ?? '', body?.S ?? '']))
    },
    close: async () => {},
  }
}
