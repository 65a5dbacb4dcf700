/** Lease spaces on real servers, one of each kind: a location nobody else uses, and the environment to reach it. */
import { randomUUID } from 'node:crypto'
import { directoryWith } from '../../directory.ts'
import { redisDatabase } from '../../redis-database.ts'
import { dynamoDbEnvironment, dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import { freshBucket, s3Environment, s3Server } from '../../servers/s3.ts'

export interface LeasePlace {
  readonly location: string
  readonly env: Readonly<Record<string, string>>
  /** before each name, where the location is shared */
  readonly prefix: string
}

export const PLACES: Readonly<Record<string, () => Promise<LeasePlace>>> = {
  dynamodb: async () => {
    const server = await dynamoDbServer()
    const table = await freshTable(server)
    return { location: table.location, env: dynamoDbEnvironment(server), prefix: '' }
  },
  file: async () => ({ location: `${await directoryWith({})}/leases`, env: {}, prefix: '' }),
  redis: async () => ({ location: redisDatabase('leases'), env: {}, prefix: `${randomUUID()}-` }),
  s3: async () => {
    const server = await s3Server()
    const bucket = await freshBucket(server)
    return { location: `${bucket.location}/leases/`, env: s3Environment(server), prefix: '' }
  },
}
