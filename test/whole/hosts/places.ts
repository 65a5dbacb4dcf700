/** Where parts and leases are, one place of each kind of lease. */
import { readdir, readFile } from 'node:fs/promises'
import { directoryWith } from '../../directory.ts'
import { dynamoDbEnvironment, dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import { freshBucket, runAws, s3Environment, s3Server } from '../../servers/s3.ts'

export interface Place {
  readonly parts: string
  /** what run-parts is told besides */
  readonly lease: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** the files beside the parts, by name and content */
  contents(): Promise<Readonly<Record<string, string>>>
}

export const PLACES: Readonly<Record<string, (redis: string) => Promise<Place>>> = {
  s3: async () => {
    const server = await s3Server()
    const { name, location } = await freshBucket(server)
    const contents = async () => {
      const directory = await directoryWith({})
      const { code, stderr } = await runAws(server, [
        's3',
        'cp',
        '--recursive',
        '--quiet',
        `s3://${name}/parts/`,
        directory,
      ])
      if (code !== 0) throw new Error(stderr)
      return filesOf(directory)
    }
    return { parts: `${location}/parts/`, lease: [], env: s3Environment(server), contents }
  },
  dynamodb: async () => {
    const server = await dynamoDbServer()
    const { location } = await freshTable(server)
    return { ...(await directoryPlace()), lease: ['--lease', location], env: dynamoDbEnvironment(server) }
  },
  redis: async (redis) => ({ ...(await directoryPlace()), lease: ['--lease', redis] }),
  file: directoryPlace,
}

async function directoryPlace(): Promise<Place> {
  const directory = `${await directoryWith({})}/parts`
  return { parts: directory, lease: [], env: {}, contents: () => filesOf(directory) }
}

async function filesOf(directory: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(`${directory}/${name}`, 'utf8')]))
  return Object.fromEntries(texts)
}
