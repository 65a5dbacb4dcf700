/** What a table is: its primary key, its indexes, and how large its items are on average. */
import type { TableDescription as Described, DynamoDBClient, KeySchemaElement } from '@aws-sdk/client-dynamodb'
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb'
import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'
import { failureOf } from './classify.ts'
import type { KeyAttribute, KeySchema } from './key-schema.ts'

export interface Index {
  readonly name: string
  readonly schema: KeySchema
  /** a local index can be read consistently */
  readonly isLocal: boolean
  /** whether it holds all attributes of each item */
  readonly isWhole: boolean
}

export interface TableDescription {
  readonly schema: KeySchema
  readonly indexes: readonly Index[]
  /** counted by the service every six hours or so; undefined for an empty table */
  readonly averageItemBytes?: number
}

/** Throws E_LOCATION, E_AUTH, E_DENIED, E_CONNECTION, E_TIMEOUT, E_BUSY, with what to look at. */
export async function describeTable(client: DynamoDBClient, name: string): Promise<TableDescription> {
  const described = await askFor(client, name)
  const { TableStatus } = described
  if (TableStatus === 'CREATING') throw new RekeyError('E_BUSY', `dynamodb://${name} is still being created`)
  if (TableStatus === 'DELETING' || TableStatus === 'ARCHIVED')
    throw new RekeyError('E_LOCATION', `dynamodb://${name} is ${TableStatus}`)
  const types = new Map(described.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]))
  const schemaOf = (elements: readonly KeySchemaElement[] = []) => keySchema(elements, types)
  const indexOf = (isLocal: boolean) => (one: IndexDescribed) => ({
    name: one.IndexName ?? '',
    schema: schemaOf(one.KeySchema),
    isLocal,
    isWhole: one.Projection?.ProjectionType === 'ALL',
  })
  const { ItemCount = 0, TableSizeBytes = 0, GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] } = described
  return {
    schema: schemaOf(described.KeySchema),
    indexes: [...GlobalSecondaryIndexes.map(indexOf(false)), ...LocalSecondaryIndexes.map(indexOf(true))],
    ...(ItemCount > 0 && { averageItemBytes: TableSizeBytes / ItemCount }),
  }
}

type IndexDescribed = NonNullable<Described['LocalSecondaryIndexes']>[number]

async function askFor(client: DynamoDBClient, name: string): Promise<Described> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }))
    return Table ?? {}
  } catch (thrown) {
    const failure = failureOf(thrown, `dynamodb://${name}`, false)
    const hint = HINTS[failure.code]
    throw hint === undefined ? failure : new RekeyError(failure.code, `${failure.message}: ${hint}`, { cause: thrown })
  }
}

/** What to do about a table that does not open. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  E_LOCATION: 'there is no such table here; look at its name, and at --region, --endpoint and --profile',
  E_AUTH: 'the server does not take these credentials; look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and --profile',
  E_DENIED: 'the user needs dynamodb:DescribeTable on it; docs/stores/dynamodb.md has a policy for each tool',
  E_CONNECTION: 'look at --endpoint, AWS_ENDPOINT_URL_DYNAMODB and --region',
}

function keySchema(elements: readonly KeySchemaElement[], types: ReadonlyMap<string | undefined, unknown>): KeySchema {
  const attribute = (kind: string): KeyAttribute | undefined => {
    const name = elements.find(({ KeyType }) => KeyType === kind)?.AttributeName
    return name === undefined ? undefined : { name, type: types.get(name) as KeyAttribute['type'] }
  }
  const partition = attribute('HASH')
  const sort = attribute('RANGE')
  if (partition === undefined) throw new RekeyError('E_STORE', 'DynamoDB has described a table without a primary key')
  return sort === undefined ? { partition } : { partition, sort }
}
