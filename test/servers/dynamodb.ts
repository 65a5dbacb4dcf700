/** The DynamoDB server of the test run, tables on it, and how another program is told to use it. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb'
import { CreateTableCommand, DeleteTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterAll, inject } from 'vitest'
import type { DynamoDbServer } from './dynalite.ts'
import { demand } from './on-demand.ts'

const CREDENTIALS = { accessKeyId: 'testaccess', secretAccessKey: 'testsecret' }
const REGION = 'us-east-1'

/** The server that `AWS_ENDPOINT_URL_DYNAMODB` names, Amazon's DynamoDB Local for example; dynalite when it names none. */
export async function dynamoDbServer(): Promise<DynamoDbServer> {
  const endpoint = process.env['AWS_ENDPOINT_URL_DYNAMODB']
  return endpoint === undefined ? demand<DynamoDbServer>(inject('dynamodb')) : { endpoint }
}

/** The environment in which rekey and the AWS command line reach the server, and nothing of whoever runs the tests. */
export function dynamoDbEnvironment({ endpoint }: DynamoDbServer): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

/** A client that shares no code with ours. */
export function dynamoDbClient({ endpoint }: DynamoDbServer): DynamoDBClient {
  return new DynamoDBClient({ endpoint, region: REGION, credentials: CREDENTIALS })
}

export interface Table {
  readonly name: string
  /** `dynamodb://NAME` */
  readonly location: string
  readonly client: DynamoDBClient
}

const made: Table[] = []
afterAll(async () => {
  for (const { name, client } of made.splice(0)) {
    await client.send(new DeleteTableCommand({ TableName: name }))
    client.destroy()
  }
})

/** Whatever CreateTable takes, without a name; on demand unless it says otherwise. */
export type TableShape = Omit<CreateTableCommandInput, 'TableName'>

/** A new table, with a partition key `pk` of strings unless the shape says otherwise; gone when the file is done. */
export async function freshTable(server: DynamoDbServer, shape: TableShape = PARTITION_KEY): Promise<Table> {
  const name = `rekey-${crypto.randomUUID()}`
  const client = dynamoDbClient(server)
  await client.send(new CreateTableCommand({ BillingMode: 'PAY_PER_REQUEST', ...shape, TableName: name }))
  const table = { name, location: `dynamodb://${name}`, client }
  made.push(table)
  await untilActive(client, name)
  return table
}

/** A table that is still being made is not found by who writes to it. */
export async function untilActive(client: DynamoDBClient, name: string): Promise<void> {
  for (;;) {
    const { Table: description } = await client.send(new DescribeTableCommand({ TableName: name }))
    if (description?.TableStatus === 'ACTIVE') return
  }
}

export const PARTITION_KEY: TableShape = {
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
}

export const COMPOSITE_KEY: TableShape = {
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
}
