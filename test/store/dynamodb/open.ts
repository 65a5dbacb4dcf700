/** Stores of DynamoDB for tests, and items planted and read past them. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { BatchWriteItemCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { vi } from 'vitest'
import type { Store, StoreSettings } from '../../../src/store/contract.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { openDynamoDb } from '../../../src/store/dynamodb/open-dynamodb.ts'
import type { DynamoDbServer } from '../../servers/dynalite.ts'
import type { Table } from '../../servers/dynamodb.ts'
import { dynamoDbEnvironment } from '../../servers/dynamodb.ts'
import { surroundings } from '../s3/open.ts'

export const signal = new AbortController().signal

export type Item = Record<string, AttributeValue>

/** Opens it as a user of the server, who says so by the environment. */
export async function openAt(
  server: DynamoDbServer,
  location: string,
  settings: Partial<StoreSettings> = {},
  variables: Readonly<Record<string, string | undefined>> = {},
): Promise<Store> {
  const environment = { ...dynamoDbEnvironment(server), ...variables }
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
  try {
    return await openDynamoDb(
      location,
      { ...STORE_DEFAULTS, ...settings },
      surroundings(given as Record<string, string>),
    )
  } finally {
    vi.unstubAllEnvs()
  }
}

export async function put({ client, name }: Table, ...items: Item[]): Promise<void> {
  for (const Item of items) await client.send(new PutItemCommand({ TableName: name, Item }))
}

export async function get({ client, name }: Table, Key: Item): Promise<Item | undefined> {
  const { Item } = await client.send(new GetItemCommand({ TableName: name, Key, ConsistentRead: true }))
  return Item
}

export async function itemsOf({ client, name }: Table): Promise<Item[]> {
  const items: Item[] = []
  let from: Item | undefined
  do {
    const page = await client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) }),
    )
    items.push(...(page.Items ?? []))
    from = page.LastEvaluatedKey
  } while (from !== undefined)
  return items
}

/** `names` are those of the primary key. */
export async function emptyTable(table: Table, ...names: string[]): Promise<void> {
  const keys = (await itemsOf(table)).map((item) =>
    Object.fromEntries(names.map((name) => [name, item[name] as never])),
  )
  for (let at = 0; at < keys.length; at += 25) {
    const requests = keys.slice(at, at + 25).map((Key) => ({ DeleteRequest: { Key } }))
    await table.client.send(new BatchWriteItemCommand({ RequestItems: { [table.name]: requests } }))
  }
}
