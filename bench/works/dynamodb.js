// Items of about 300 bytes scanned, and put under a new key into another table, on dynalite: CPU of the client an item.
// The AWS command line puts 25 a request, and a script awaits each put; both overwrite. Ours never does: each put is a request of its
// own, on the condition that nothing is there. The others get a part of the items, because they are slow.
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  paginateScan,
  waitUntilTableNotExists,
} from '@aws-sdk/client-dynamodb'
import { compare } from '../measure.js'
import { figure, times } from '../report.js'
import { CLIENT, SERVER, start } from '../s3.js'

const ITEMS = 10_000
const SHARES = { ours: 1, script: 10, aws: 50 }
const A_REQUEST = 25
const HERE = import.meta.dirname

const OURS = `list-keys dynamodb://bench-from | rewrite-keys --sub 's/^job:/step:/' --to-store dynamodb://bench-to | copy-apply`
// What it is told on stdin becomes files of 25 puts, each of which is a request, and a process.
const AWS = (count) => `rm -f puts-* && aws dynamodb scan --table-name bench-from --max-items ${count} --output json |
  jq -c '.Items[] | .pk.S |= sub("^job:"; "step:") | {PutRequest: {Item: .}}' | split -l ${A_REQUEST} - puts- &&
  for puts in puts-*; do jq -cs '{"bench-to": .}' $puts > request.json && aws dynamodb batch-write-item --request-items file://request.json || exit; done`

export async function work(bench) {
  const server = await start([...SERVER, 'node', `${HERE}/../dynalite.js`])
  const env = environment(`http://127.0.0.1:${server.line}`)
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'
  const client = new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
    region: env.AWS_REGION,
    credentials: { accessKeyId: 'stub', secretAccessKey: 'stub' },
  })
  const total = bench.size(ITEMS)
  const counts = Object.fromEntries(Object.entries(SHARES).map(([name, share]) => [name, Math.round(total / share)]))
  await createTable(client, 'bench-from')
  await plant(client, total)
  const commands = {
    ours: `${CLIENT} bash -c "${OURS} > run.ndjson"`,
    script: `${CLIENT} node ${HERE}/../await-per-item.js bench-from bench-to ${counts.script}`,
  }
  if (bench.has('/usr/bin/aws') && bench.has('jq'))
    commands.aws = AWS(counts.aws).replaceAll(
      'aws dynamodb',
      `/usr/bin/aws --endpoint-url ${env.AWS_ENDPOINT_URL_DYNAMODB} dynamodb`,
    )
  else bench.say('there is no AWS command line, or no jq: left out')
  let last
  const before = async (name) => {
    if (last !== undefined) await written(bench, client, last, counts[last])
    if (last !== undefined) await dropTable(client, 'bench-to')
    await createTable(client, 'bench-to')
    last = name
  }
  const runs = await compare(bench, commands, { env, before })
  await written(bench, client, last, counts[last])
  client.destroy()
  await server.stop()
  const us = (name) => (runs[name].cpuS / counts[name]) * 1e6
  const perSecond = (name) => `${figure(counts[name] / runs[name].wallS)} a second`
  const beside = (name, what) => ({
    work: `  beside ${counts[name].toLocaleString('en-US')} items, ${what}`,
    ours: `${figure(us('ours'))} µs`,
    theirs: `${figure(us(name))} µs, ${perSecond(name)}`,
    ratio: times(us(name) / us('ours')),
  })
  return [
    {
      work: `DynamoDB: scan, rekey and put ${total.toLocaleString('en-US')} items, client CPU`,
      ours: `${figure(us('ours'))} µs an item, ${perSecond('ours')}`,
    },
    beside('script', 'a script that awaits each put'),
    ...(runs.aws ? [beside('aws', 'aws dynamodb scan, jq, batch-write-item')] : []),
  ]
}

/** Says so where a command has not written what it should. */
async function written(bench, client, name, count) {
  let found = 0
  for await (const { Items = [] } of paginateScan({ client }, { TableName: 'bench-to', ProjectionExpression: 'pk' })) {
    found += Items.filter(({ pk }) => pk.S.startsWith('step:')).length
  }
  if (found !== count) bench.say(`${name}: ${found} items are there, and not ${count}`)
}

async function createTable(client, TableName) {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  )
}

async function dropTable(client, TableName) {
  await client.send(new DeleteTableCommand({ TableName }))
  await waitUntilTableNotExists({ client, minDelay: 0.1, maxDelay: 0.1, maxWaitTime: 60 }, { TableName })
}

async function plant(client, total) {
  for (let at = 0; at < total; at += A_REQUEST) {
    const from = Array.from({ length: Math.min(A_REQUEST, total - at) }, (_, n) => put(at + n))
    await client.send(new BatchWriteItemCommand({ RequestItems: { 'bench-from': from } }))
  }
}

/** A job of ten attributes, about 300 bytes. */
function put(number) {
  const id = `${number.toString(16).padStart(8, '0')}-5f0e-4c1b-9a77-a0c2d4e6f810`
  const texts = {
    pk: `job:${id}`,
    service_required: 'comfyui',
    status: 'completed',
    customer_id: `customer-${number % 1000}`,
    created_at: '2026-01-05T10:00:00.123Z',
    workflow_id: `wf-${number % 5000}`,
    payload: `{"prompt":"a lake at dawn, number ${number}","steps":20}`,
  }
  const Item = Object.fromEntries(Object.entries(texts).map(([name, S]) => [name, { S }]))
  return { PutRequest: { Item: { ...Item, priority: { N: '50' }, retry_count: { N: '0' }, tags: { SS: ['a', 'b'] } } } }
}

function environment(endpoint) {
  return {
    AWS_ACCESS_KEY_ID: 'stub',
    AWS_SECRET_ACCESS_KEY: 'stub',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  }
}
