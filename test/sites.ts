/** Places that a whole pipeline is run on: a directory, and a database of the tests' Redis server. */
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Redis } from 'ioredis'
import { directoryWith, filesIn } from './directory.ts'

/** Keys and their contents. */
export type Contents = Readonly<Record<string, string>>

/** One time for all files, in seconds: files of one content do not differ. */
const PLANTED_AT = 1_700_000_000

export interface Site {
  readonly location: string
  /** leaves nothing but these keys */
  plant(contents: Contents): Promise<void>
  snapshot(): Promise<Contents>
  close(): Promise<void>
}

export async function directorySite(): Promise<Site> {
  const directory = await directoryWith({})
  return {
    location: `file:${directory}/`,
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
export async function redisSite(server: string, database: number): Promise<Site> {
  const redis = new Redis(`${server}/${database}`)
  return {
    location: `${server}/${database}`,
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
