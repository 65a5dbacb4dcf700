/** Tables of an environment, with customers, their spaces and uploads, and the pipeline run on them. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { BatchWriteItemCommand, CreateTableCommand, DeleteTableCommand, paginateScan } from '@aws-sdk/client-dynamodb'
import { afterAll } from 'vitest'
import { directoryWith } from '../../directory.ts'
import type { ToolRun } from '../../run-tool.ts'
import { BIN, ROOT, recordsOf, runCommand } from '../../run-tool.ts'
import { dynamoDbClient, dynamoDbEnvironment, dynamoDbServer, untilActive } from '../../servers/dynamodb.ts'

type Item = Record<string, AttributeValue>
const RUN = `${ROOT}pipelines/uploads/run`
const server = await dynamoDbServer()
const client = dynamoDbClient(server)
const made: string[] = []
afterAll(async () => {
  for (const TableName of made) await client.send(new DeleteTableCommand({ TableName })).catch(() => {})
  client.destroy()
})

/** Customers by how many uploads each of their spaces has. */
export type Customers = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Three customers, five spaces; the first has as much as the others together. */
export const CUSTOMERS: Customers = {
  'did:mailto:example.com:alice': { 'did:key:z6MkA': 150, 'did:key:z6MkB': 50 },
  'did:mailto:example.com:bob': { 'did:key:z6MkC': 90, 'did:key:z6MkD': 1 },
  'did:mailto:example.com:carol': { 'did:key:z6MkE': 109 },
}

export interface World {
  /** where the pipeline is run, and keeps `migration-state` */
  readonly directory: string
  readonly tables: Readonly<Record<'upload' | 'consumer' | 'progress' | 'to', string>>
  run(command: string, env?: Readonly<Record<string, string>>): Promise<ToolRun>
  /** as the leader of a process group of its own */
  start(command: string): ChildProcess
  /** the records of a file below `migration-state` */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
  records(path: string): any[]
  /** a JSON file in `migration-state` */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever field it is about
  file(name: string): any
  /** resolves when a file below `migration-state` has so many lines */
  hasLines(path: string, lines: number): Promise<void>
  items(table: string): Promise<Item[]>
}

export async function plant(customers: Customers = CUSTOMERS, more: readonly Item[] = []): Promise<World> {
  const unique = crypto.randomUUID().slice(0, 8)
  const tables = {
    upload: `staging-${unique}-upload`,
    consumer: `staging-${unique}-consumer`,
    progress: `staging-${unique}-progress`,
    to: `staging-${unique}-new-upload`,
  }
  made.push(...Object.values(tables))
  await createTable(tables.consumer, 'subscription', 'provider')
  await createTable(tables.upload, 'space', 'root')
  await createTable(tables.to, 'space', 'root')
  await put(tables.consumer, [...consumersOf(customers), ...more])
  await put(tables.upload, uploadsOf(customers))
  const directory = await directoryWith({})
  const env = {
    ...dynamoDbEnvironment(server),
    UPLOAD_TABLE: tables.upload,
    CONSUMER_TABLE: tables.consumer,
    PROGRESS_TABLE: tables.progress,
    STORACHA_ENV: 'staging',
  }
  const state = join(directory, 'migration-state')
  const lines = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0)
  return {
    directory,
    tables,
    run: (command, changes = {}) =>
      runCommand(RUN, { args: command.split(' '), cwd: directory, env: { ...env, ...changes } }),
    start: (command) =>
      spawn(RUN, command.split(' '), {
        cwd: directory,
        env: { ...process.env, PATH: `${BIN}:${process.env['PATH']}`, ...env },
        detached: true,
        stdio: 'ignore',
      }),
    records: (path) => recordsOf({ stdout: readFileSync(join(state, path), 'utf8') }),
    file: (name) => JSON.parse(readFileSync(join(state, name), 'utf8')),
    hasLines: async (path, least) => {
      const file = join(state, path)
      mkdirSync(dirname(file), { recursive: true })
      const watcher = watch(dirname(file))
      while (lines(file) < least) await once(watcher, 'change')
      watcher.close()
    },
    items: async (TableName) => {
      const found: Item[] = []
      for await (const page of paginateScan({ client }, { TableName })) found.push(...(page.Items ?? []))
      return found
    },
  }
}

/** Puts items into a table, 25 a request. */
export async function put(table: string, items: readonly Item[]): Promise<void> {
  for (let at = 0; at < items.length; at += 25) {
    const requests = items.slice(at, at + 25).map((Item) => ({ PutRequest: { Item } }))
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }))
  }
}

/** Ends a run and all its tools at once. */
export async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  process.kill(-(child.pid as number), 'SIGKILL')
  await ended
}

export function consumersOf(customers: Customers): Item[] {
  return Object.entries(customers).flatMap(([customer, spaces]) =>
    Object.keys(spaces).map((consumer) => ({
      subscription: { S: `sub-${consumer}` },
      provider: { S: 'did:web:web3.storage' },
      consumer: { S: consumer },
      customer: { S: customer },
      insertedAt: { S: '2025-06-01T00:00:00.000Z' },
    })),
  )
}

function uploadsOf(customers: Customers): Item[] {
  const spaces = Object.values(customers).flatMap((counts) => Object.entries(counts))
  return spaces.flatMap(([space, count]) =>
    Array.from({ length: count }, (_, n) => ({
      space: { S: space },
      root: { S: `bafy${space.at(-1)}${n}` },
      shards: { SS: [`bag${n}`, `bag${n}x`] },
      size: { N: '12345678901234567890' },
      insertedAt: { S: '2025-06-01T00:00:00.000Z' },
    })),
  )
}

async function createTable(TableName: string, hash: string, range: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [hash, range].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: hash, KeyType: 'HASH' },
        { AttributeName: range, KeyType: 'RANGE' },
      ],
    }),
  )
  await untilActive(client, TableName)
}
