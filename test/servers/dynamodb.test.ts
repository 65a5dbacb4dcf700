import { DescribeTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { expect, test } from 'vitest'
import { COMPOSITE_KEY, dynamoDbServer, freshTable } from './dynamodb.ts'

test('a fresh table takes an item and gives it back', async () => {
  const { client, name } = await freshTable(await dynamoDbServer())
  await client.send(new PutItemCommand({ TableName: name, Item: { pk: { S: 'a' }, n: { N: '1' } } }))
  const { Item } = await client.send(new GetItemCommand({ TableName: name, Key: { pk: { S: 'a' } } }))
  expect(Item).toEqual({ pk: { S: 'a' }, n: { N: '1' } })
})

test('a table can have a composite key', async () => {
  const { client, name } = await freshTable(await dynamoDbServer(), COMPOSITE_KEY)
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }))
  expect(Table?.KeySchema?.map(({ AttributeName }) => AttributeName)).toEqual(['pk', 'sk'])
})
