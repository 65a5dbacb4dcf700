/**
 * Leases as items of a table whose partition key is text: the name under the partition key, the record as text, and its
 * version, on which every write has a condition. Items have no time of the service's own, so that a lease goes stale by
 * being seen without a change.
 */
import { setMaxListeners } from 'node:events'
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { RekeyError } from '../../record/errors.ts'
import type { StoreSettings } from '../contract.ts'
import { failureOf, isConditionFailed } from '../dynamodb/classify.ts'
import { describeTable } from '../dynamodb/describe-table.ts'
import type { KeySchema } from '../dynamodb/key-schema.ts'
import { readLocation } from '../dynamodb/location.ts'
import { setUp } from '../dynamodb/set-up.ts'
import type { Surroundings } from '../open.ts'
import type { LeaseRecord, LeaseSpace, SeenLease } from './contract.ts'
import { leaseText, parseLease } from './record.ts'

type Item = Record<string, AttributeValue>

/** What stands under the sort key of a table that has one. */
const SORT = 'lease'
/** Beside what else such a table may hold. */
const PREFIX = 'lease#'

export async function openDynamoDbLeases(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<LeaseSpace> {
  const table = readLocation(location)
  const client = await setUp({ aws: settings.aws ?? {}, env: surroundings.env, timeoutMs: settings.timeoutMs })
  try {
    const { schema } = await describeTable(client, table)
    return new DynamoDbLeases(client, table, checked(schema, table))
  } catch (thrown) {
    client.destroy()
    throw thrown
  }
}

class DynamoDbLeases implements LeaseSpace {
  readonly location: string
  readonly #client: DynamoDBClient
  readonly #table: string
  readonly #schema: KeySchema

  constructor(client: DynamoDBClient, table: string, schema: KeySchema) {
    this.location = `dynamodb://${table}`
    this.#client = client
    this.#table = table
    this.#schema = schema
  }

  /** DynamoDB obeys its conditions. */
  async check(): Promise<void> {}

  async read(name: string, signal: AbortSignal): Promise<SeenLease | undefined> {
    const command = new GetItemCommand({ TableName: this.#table, Key: this.#keyOf(name), ConsistentRead: true })
    setMaxListeners(0, signal)
    const { Item } = await this.#ask(name, false, () => this.#client.send(command, { abortSignal: signal }))
    if (Item === undefined) return undefined
    const version = Item['version']?.S ?? ''
    return { record: parseLease(Item['record']?.S ?? ''), version, mark: version, ageMs: undefined }
  }

  create(name: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined> {
    const condition = {
      ConditionExpression: 'attribute_not_exists(#key)',
      ExpressionAttributeNames: { '#key': this.#schema.partition.name },
    }
    return this.#put(name, record, condition, signal)
  }

  replace(name: string, version: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined> {
    const condition = {
      ConditionExpression: '#version = :version',
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: { ':version': { S: version } },
    }
    return this.#put(name, record, condition, signal)
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  async #put(
    name: string,
    record: LeaseRecord,
    condition: Pick<
      PutItemCommand['input'],
      'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
    >,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const version = `${record.token}.${record.beats} ${record.worker_id}`
    const Item = { ...this.#keyOf(name), version: { S: version }, record: { S: leaseText(record) } }
    const command = new PutItemCommand({ TableName: this.#table, Item, ...condition })
    setMaxListeners(0, signal)
    return this.#ask(name, true, async () => {
      try {
        await this.#client.send(command, { abortSignal: signal })
        return version
      } catch (thrown) {
        if (isConditionFailed(thrown)) return undefined
        throw thrown
      }
    })
  }

  #keyOf(name: string): Item {
    const { partition, sort } = this.#schema
    const key: Item = { [partition.name]: { S: PREFIX + name } }
    if (sort !== undefined) key[sort.name] = { S: SORT }
    return key
  }

  async #ask<T>(name: string, isWrite: boolean, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (thrown) {
      throw failureOf(thrown, `lease ${name}`, isWrite)
    }
  }
}

function checked(schema: KeySchema, table: string): KeySchema {
  const { partition, sort } = schema
  const isText = partition.type === 'S' && (sort === undefined || sort.type === 'S')
  const isFree = ![partition.name, sort?.name].some((name) => name === 'version' || name === 'record')
  if (isText && isFree) return schema
  throw new RekeyError(
    'E_UNSUPPORTED',
    `dynamodb://${table}: leases want a table whose key is text and is called neither "version" nor "record"`,
  )
}
