/** Where an index is planted and read back: a directory, and a bucket of Ceph whose objects carry tags and a type. */
import { createHash } from 'node:crypto'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3'
import { directoryWith, filesIn } from '../../directory.ts'
import { freshBucket, s3Environment, s3Server } from '../../servers/s3.ts'

export interface Place {
  readonly location: string
  readonly env: Readonly<Record<string, string>>
  /** every key, with the MD5 of its content */
  contents(): Promise<Record<string, string>>
  /** what else there is to keep of a key */
  extras(key: string): Promise<unknown>
  write(key: string, body: string): Promise<unknown>
  remove(key: string): Promise<unknown>
}

export type Planted = Readonly<Record<string, string>>

export async function directory(planted: Planted): Promise<Place> {
  const location = await directoryWith(planted)
  // A copy keeps the time, so what was there before is the same only with the same time.
  const time = new Date('2026-01-10T10:00:00Z')
  await Promise.all(Object.keys(planted).map((key) => utimes(join(location, key), time, time)))
  return {
    location,
    env: {},
    contents: async () => digestsOf(await filesIn(location)),
    extras: async () => undefined,
    write: async (key, body) => {
      await mkdir(dirname(join(location, key)), { recursive: true })
      await writeFile(join(location, key), body)
    },
    remove: (key) => rm(join(location, key)),
  }
}

export async function bucket(planted: Planted, { versioning = false } = {}): Promise<Place> {
  const server = await s3Server()
  const { name: Bucket, location, client } = await freshBucket(server, { versioning })
  await plant(client, Bucket, Object.entries(planted))
  return {
    location,
    env: s3Environment(server),
    contents: async () => {
      const found: Record<string, string> = {}
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket })) {
        for (const { Key = '', ETag = '' } of Contents) found[Key] = ETag.replaceAll('"', '')
      }
      return found
    },
    extras: async (Key) => {
      const { ContentType, Metadata } = await client.send(new HeadObjectCommand({ Bucket, Key }))
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }))
      return { ContentType, Metadata, TagSet: TagSet?.sort((a, b) => (`${a.Key}` < `${b.Key}` ? -1 : 1)) }
    },
    write: (Key, Body) => client.send(new PutObjectCommand({ Bucket, Key, Body })),
    remove: (Key) => client.send(new DeleteObjectCommand({ Bucket, Key })),
  }
}

export function digestsOf(files: Planted): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([key, body]) => [key, md5(body)]))
}

/** Sixteen at once. The tags are the application's, with a colon in them, and tell one object from another. */
async function plant(client: S3Client, Bucket: string, planted: readonly (readonly [string, string])[]): Promise<void> {
  const left = planted.entries()
  const worker = async () => {
    for (const [n, [Key, Body]] of left) {
      const Tagging = `scraper-version=${n}&updated-at=${encodeURIComponent('2026-01-10T10:00:00.123456')}`
      const Metadata = { planted: String(n) }
      await client.send(new PutObjectCommand({ Bucket, Key, Body, Tagging, Metadata, ContentType: 'application/json' }))
    }
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}
