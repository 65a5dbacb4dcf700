/**
 * Lists a table or an index of it: by Scan in segments side by side, or one partition by Query; every page to the end, for
 * an empty one may have more behind it. Holds a page a segment, up to 1 MB of items each.
 */
import { QueryCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Entry, Range } from '../contract.ts'
import { compileGlob } from '../glob.ts'
import type { Item } from './attribute-value.ts'
import { isMutilated } from './attribute-value.ts'
import type { Index } from './describe-table.ts'
import { keyEntry, wholeEntry } from './entry.ts'
import { getItems, isItem, unreadable } from './get-items.ts'
import { keyNames, keyOfItem, partitionAttribute } from './key-schema.ts'
import type { Place } from './segments.ts'
import { pagesOf, placesOf } from './segments.ts'
import type { Table } from './table.ts'

const SEGMENTS = 8
/** The first pages are small, for whoever wants only a few keys. */
const FIRST_LIMITS = [100, 1000]

/** Ends quietly when the signal is aborted. Throws a RekeyError; `range.bookmark` then says where to go on. */
export async function* listItems(
  table: Table,
  range: Range,
  concurrency: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  if (range.type !== undefined)
    throw new RekeyError('E_UNSUPPORTED', `--type: ${table.location} holds items, which have no type`)
  const index = indexNamed(table, range.index)
  const places = placesOf(range.bookmark, range.partition === undefined ? (concurrency ?? SEGMENTS) : 1)
  const ask = asker(table, range, index, places.length, signal)
  const matches = range.match === undefined ? undefined : compileGlob(range.match)
  for await (const items of pagesOf(places, ask, signal)) {
    const { schema } = table.description
    const wanted = matches === undefined ? items : items.filter((item) => matches(keyOfItem(schema, item)))
    const entries = await entriesOf(table, wanted, range, index, signal)
    if (entries.length > 0) yield entries
  }
}

/** The items of the next page of a segment. */
function asker(table: Table, range: Range, index: Index | undefined, segments: number, signal: AbortSignal) {
  const { schema } = table.description
  const names = isWhole(range, index) ? [] : [...new Set([...keyNames(schema), ...table.mtimeFields])]
  const partition = range.partition === undefined ? undefined : partitionOf(table, range.partition, index)
  const common = {
    TableName: table.name,
    ...(index !== undefined && { IndexName: index.name }),
    ...(range.values === true && index?.isLocal !== false && { ConsistentRead: true }),
    ...(names.length > 0 && { ProjectionExpression: names.map((_, at) => `#${at}`).join(',') }),
    ReturnConsumedCapacity: 'TOTAL',
  } as const
  const aliases = Object.fromEntries(names.map((name, at) => [`#${at}`, name]))
  const what = `listing ${index === undefined ? 'it' : `its index ${index.name}`}`
  return async (number: number, { start, pages }: Place): Promise<Page> => {
    const limit = FIRST_LIMITS[pages]
    const from = {
      ...(start !== undefined && { ExclusiveStartKey: start }),
      ...(limit !== undefined && { Limit: limit }),
    }
    const answer = await table.ask(
      {
        operation: partition === undefined ? 'Scan' : 'Query',
        isWrite: false,
        what,
        send(client, options) {
          if (partition === undefined) {
            const command = new ScanCommand({
              ...common,
              ...from,
              ...(names.length > 0 && { ExpressionAttributeNames: aliases }),
              Segment: number,
              TotalSegments: segments,
            })
            return client.send(command, options)
          }
          const command = new QueryCommand({
            ...common,
            ...from,
            KeyConditionExpression: '#p=:p',
            ExpressionAttributeNames: { ...aliases, '#p': partition.name },
            ExpressionAttributeValues: { ':p': partition.value },
          })
          return client.send(command, options)
        },
      },
      signal,
    )
    return { items: answer.Items ?? [], next: answer.LastEvaluatedKey }
  }
}

export interface Page {
  readonly items: readonly Item[]
  /** behind which key the next page begins; undefined at the end */
  readonly next: Item | undefined
}

/** Whether the pages hold whole items. */
function isWhole({ values }: Range, index: Index | undefined): boolean {
  return values === true && index?.isWhole !== false
}

async function entriesOf(
  table: Table,
  items: readonly Item[],
  range: Range,
  index: Index | undefined,
  signal: AbortSignal,
): Promise<readonly Entry[]> {
  if (range.values !== true) return items.map((item) => keyEntry(table, item))
  if (isWhole(range, index)) return items.map((item) => readableEntry(table, item))
  const keys = items.map((item) => keyOfItem(table.description.schema, item))
  const found = await getItems(table, keys, signal)
  const error = found.find((one) => one instanceof RekeyError)
  if (error !== undefined) throw error
  return found.filter(isItem).map((item) => wholeEntry(table, item, true))
}

function readableEntry(table: Table, item: Item): Entry {
  if (isMutilated(item)) throw unreadable(table, keyText(keyOfItem(table.description.schema, item)))
  return wholeEntry(table, item, true)
}

function indexNamed({ description, location }: Table, name: string | undefined): Index | undefined {
  if (name === undefined) return undefined
  const index = description.indexes.find((one) => one.name === name)
  if (index !== undefined) return index
  const names = description.indexes.map((one) => one.name).join(', ')
  const has = names === '' ? 'it has none' : `it has ${names}`
  throw new RekeyError('E_USAGE', `--index: ${location} has no index "${name}"; ${has}`)
}

function partitionOf({ description, location }: Table, value: string, index: Index | undefined) {
  const attribute = (index?.schema ?? description.schema).partition
  try {
    const key = attribute.type === 'B' ? binaryOf(value, attribute.name) : value
    const item = partitionAttribute(attribute, key)
    return { name: attribute.name, value: item[attribute.name] as Item[string] }
  } catch (thrown) {
    throw new RekeyError('E_USAGE', `--partition ${JSON.stringify(value)}: ${location}: ${(thrown as Error).message}`)
  }
}

/** Buffer.from stops at what is not base64 and says nothing: another partition would be listed, or an empty one. */
function binaryOf(value: string, name: string): Buffer {
  const bytes = Buffer.from(value, 'base64')
  if (bytes.toString('base64') === value) return bytes
  throw new Error(`${JSON.stringify(name)} is binary, and --partition takes base64 of it, padded with =`)
}
