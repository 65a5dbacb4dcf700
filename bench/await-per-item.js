// The script that most people write for this: a scan, and each item put under its new key, awaited. It overwrites what is
// there, proves nothing, and cannot go on where it was stopped.
// usage: await-per-item.js FROM TO LIMIT
import { DynamoDBClient, PutItemCommand, paginateScan } from '@aws-sdk/client-dynamodb'

const [from, to, limit] = process.argv.slice(2)
const client = new DynamoDBClient({})
let count = 0
scan: for await (const { Items = [] } of paginateScan({ client }, { TableName: from })) {
  for (const item of Items) {
    if (count++ === Number(limit)) break scan
    const pk = { S: item.pk.S.replace(/^job:/, 'step:') }
    await client.send(new PutItemCommand({ TableName: to, Item: { ...item, pk } }))
  }
}
client.destroy()
