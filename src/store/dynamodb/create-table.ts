/** Makes a table of the pay-per-request kind, and waits until it can be used. */
import type { CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb'
import { RekeyError } from '../../record/errors.ts'
import type { StoreSettings, TableShape } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { failureOf } from './classify.ts'
import { describeTable } from './describe-table.ts'
import { keyNames } from './key-schema.ts'
import { readLocation } from './location.ts'
import { setUp } from './set-up.ts'

const LONGEST_WAIT_S = 300
const POLL_S = 1

/**
 * True when it was made, false when it was there. Throws E_LOCATION where it is there with other keys, E_AUTH, E_DENIED,
 * E_CONNECTION, E_TIMEOUT.
 */
export async function createDynamoDbTable(
  location: string,
  shape: TableShape,
  { aws = {}, timeoutMs }: StoreSettings,
  { env }: Surroundings,
): Promise<boolean> {
  const name = readLocation(location)
  const client = await setUp({ aws, env, timeoutMs })
  try {
    const isMade = await create(client, requestOf(name, shape))
    await waitUntilTableExists(
      { client, maxWaitTime: LONGEST_WAIT_S, minDelay: POLL_S, maxDelay: POLL_S },
      { TableName: name },
    )
    await checkKeys(client, name, shape)
    return isMade
  } catch (thrown) {
    throw failureOf(thrown, `creating dynamodb://${name}`, false)
  } finally {
    client.destroy()
  }
}

async function create(client: DynamoDBClient, request: CreateTableCommandInput): Promise<boolean> {
  try {
    await client.send(new CreateTableCommand(request))
    return true
  } catch (thrown) {
    if ((thrown as { readonly name?: string }).name === 'ResourceInUseException') return false
    throw thrown
  }
}

async function checkKeys(client: DynamoDBClient, name: string, { partition, sort, index }: TableShape): Promise<void> {
  const { schema, indexes } = await describeTable(client, name)
  const found = keyNames(schema)
  const where = `dynamodb://${name} is there and has`
  if (found.join() !== [partition, sort].join())
    throw new RekeyError(
      'E_LOCATION',
      `${where} the key ${found.join(', ')}, not ${partition}, ${sort}; name another table`,
    )
  if (!indexes.some((one) => one.name === index.name))
    throw new RekeyError('E_LOCATION', `${where} no index ${index.name}; name another table, or add that index`)
}

function requestOf(TableName: string, { partition, sort, index }: TableShape): CreateTableCommandInput {
  const names = new Set([partition, sort, index.partition, index.sort])
  const keysOf = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ]
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    KeySchema: keysOf(partition, sort),
    GlobalSecondaryIndexes: [
      { IndexName: index.name, KeySchema: keysOf(index.partition, index.sort), Projection: { ProjectionType: 'ALL' } },
    ],
  }
}
