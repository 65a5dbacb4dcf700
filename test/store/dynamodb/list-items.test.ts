/** Listings of a table with a sort key and indexes, to their very end. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Entry, Range, Store } from '../../../src/store/contract.ts'
import { withRetry } from '../../../src/store/wrap/retry.ts'
import type { DynamoDbServer } from '../../servers/dynalite.ts'
import type { Table } from '../../servers/dynamodb.ts'
import { dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import type { DynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import { dynamoDbError, startDynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import { openAt, put, signal } from './open.ts'

const SHAPE = {
  AttributeDefinitions: ['space', 'root', 'status', 'updatedAt'].map((AttributeName) => ({
    AttributeName,
    AttributeType: 'S' as const,
  })),
  KeySchema: [
    { AttributeName: 'space', KeyType: 'HASH' as const },
    { AttributeName: 'root', KeyType: 'RANGE' as const },
  ],
  GlobalSecondaryIndexes: [
    index('status-index', 'status', 'updatedAt', 'ALL'),
    index('root-index', 'root', undefined, 'KEYS_ONLY'),
  ],
  LocalSecondaryIndexes: [index('by-time', 'space', 'updatedAt', 'KEYS_ONLY')],
}

let server: DynamoDbServer
let proxy: DynamoDbProxy
let table: Table
let store: Store
const ROWS = 60

beforeAll(async () => {
  server = await dynamoDbServer()
  proxy = await startDynamoDbProxy(server)
  table = await freshTable(server, SHAPE)
  // 60 rows of 40 KB are more than two pages of 1 MB, and those that failed are not on the first.
  await put(table, ...Array.from({ length: ROWS }, (_, at) => row(at)))
  store = await openAt(proxy, table.location)
  return async () => {
    await store.close()
    await proxy.stop()
  }
})

const two = (number: number) => String(number).padStart(2, '0')
const keyOf = (at: number) => `{"space":"s${at % 3}","root":"r${two(at)}"}`
const all = Array.from({ length: ROWS }, (_, at) => keyOf(at)).sort()

function row(at: number) {
  return {
    space: { S: `s${at % 3}` },
    root: { S: `r${two(at)}` },
    status: { S: at === 58 ? 'failed' : 'done' },
    updatedAt: { S: `2026-01-01T00:00:${two(at)}.000Z` },
    filler: { S: 'x'.repeat(40_000) },
  }
}

function index(IndexName: string, hash: string, range: string | undefined, ProjectionType: 'ALL' | 'KEYS_ONLY') {
  return {
    IndexName,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' as const },
      ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' as const }]),
    ],
    Projection: { ProjectionType },
  }
}

async function listed(range: Range, from: Store = store): Promise<Entry[]> {
  proxy.operations.length = 0
  const entries: Entry[] = []
  for await (const batch of from.list(range, signal)) entries.push(...batch)
  return entries
}

const keys = (entries: readonly Entry[]) => entries.map(({ key }) => key).sort()

describe('a table of several pages', () => {
  test('by segments', async () => {
    expect(keys(await listed({}))).toEqual(all)
    expect(new Set(proxy.operations)).toEqual(new Set(['Scan']))
    expect(proxy.operations.length).toBeGreaterThanOrEqual(8)
  })

  test('by one segment, with values, which are whole items', async () => {
    const alone = await openAt(proxy, table.location, { concurrency: 1 })
    const entries = await listed({ values: true }, alone)
    expect(keys(entries)).toEqual(all)
    expect(proxy.operations.length).toBeGreaterThan(2)
    expect(entries.find(({ key }) => key === keyOf(58))?.value).toEqual({
      value: {
        space: 's1',
        root: 'r58',
        status: 'failed',
        updatedAt: '2026-01-01T00:00:58.000Z',
        filler: 'x'.repeat(40_000),
      },
    })
    await alone.close()
  })

  test('that match a glob', async () => {
    expect(keys(await listed({ match: '*"r0[0-2]"}' }))).toEqual([keyOf(0), keyOf(1), keyOf(2)].sort())
  })
})

describe('by Query', () => {
  test('one partition', async () => {
    expect(keys(await listed({ partition: 's1' }))).toEqual(all.filter((key) => key.includes('"s1"')))
    expect(new Set(proxy.operations)).toEqual(new Set(['Query']))
    expect(await listed({ partition: 'none' })).toEqual([])
  })

  test('one partition of an index, whose key attributes are reserved words', async () => {
    const [entry, ...others] = await listed({ index: 'status-index', partition: 'failed', values: true })
    expect([entry?.key, others]).toEqual([keyOf(58), []])
    expect(entry?.value).toMatchObject({ value: { status: 'failed', space: 's1' } })
    expect((await listed({ index: 'status-index', partition: 'done' })).length).toBe(ROWS - 1)
  })

  test('an index that holds keys alone gives whole items for values', async () => {
    const [entry] = await listed({ index: 'root-index', partition: 'r07', values: true })
    expect(entry?.value).toMatchObject({ value: { root: 'r07', filler: expect.stringMatching(/^x{40000}$/) } })
    expect(proxy.operations).toEqual(['Query', 'BatchGetItem'])
    expect((await listed({ index: 'by-time', partition: 's2', values: true })).length).toBe(ROWS / 3)
  })
})

test('a whole index, by segments', async () => {
  expect(keys(await listed({ index: 'root-index' }))).toEqual(all)
  expect(keys(await listed({ index: 'by-time' }))).toEqual(all)
})

test('an empty partition is no partition', async () => {
  await expect(listed({ partition: '' })).rejects.toMatchObject({
    code: 'E_USAGE',
    message: expect.stringContaining('--partition ""'),
  })
})

test('a binary partition is base64, and what is not is refused rather than half read', async () => {
  const shape = {
    AttributeDefinitions: [{ AttributeName: 'b', AttributeType: 'B' as const }],
    KeySchema: [{ AttributeName: 'b', KeyType: 'HASH' as const }],
  }
  const binary = await freshTable(server, shape)
  await put(binary, { b: { B: Uint8Array.of(0xff) } })
  const there = await openAt(proxy, binary.location)
  const keysOf = async (partition: string) => {
    const found: unknown[] = []
    for await (const entries of there.list({ partition }, signal)) found.push(...entries.map(({ key }) => key))
    return found
  }
  expect(await keysOf('/w==')).toEqual([Buffer.of(0xff)])
  for (const wrong of ['/w', 'hello', 'A', '_w==']) {
    await expect(keysOf(wrong)).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('base64') })
  }
})

test('an index that is not there is named, with those that are', async () => {
  const listing = listed({ index: 'other' })
  await expect(listing).rejects.toMatchObject({
    code: 'E_USAGE',
    message: expect.stringContaining('it has status-index, root-index, by-time'),
  })
})

test('an empty page with more behind it does not end a listing', async () => {
  const before = new Set<number>()
  proxy.answering = async ({ operation, body, forward }) => {
    if (operation !== 'Scan' || before.has(body.Segment)) return undefined
    before.add(body.Segment)
    const { body: page } = await forward({ ...body, Limit: 1 })
    // What is there is given with the next page: this one is empty, as one is that a filter has emptied.
    if (page.LastEvaluatedKey === undefined) return { status: 200, body: page }
    skipped.push(...page.Items)
    return { status: 200, body: { ...page, Items: [], Count: 0 } }
  }
  const skipped: { root: { S: string } }[] = []
  try {
    const found = keys(await listed({}))
    expect(skipped.length).toBeGreaterThan(0)
    expect(found.length).toBe(ROWS - skipped.length)
  } finally {
    proxy.answering = () => undefined
  }
})

test('a segment that is throttled goes on where it was, and no key comes twice', async () => {
  let asked = 0
  proxy.answering = ({ operation }) => {
    if (operation !== 'Scan') return undefined
    return ++asked % 3 === 2 ? dynamoDbError('ProvisionedThroughputExceededException') : undefined
  }
  const retrying = withRetry(store, 5, { now: Date.now, random: () => 0, stop: signal })
  try {
    expect(keys(await listed({ values: true }, retrying))).toEqual(all)
    expect(asked).toBeGreaterThan(10)
  } finally {
    proxy.answering = () => undefined
  }
})

test('a page whose items are refused by the table comes again, and no key is left out', async () => {
  let asked = 0
  proxy.answering = ({ operation }) =>
    operation === 'BatchGetItem' && ++asked % 3 === 1
      ? dynamoDbError('ProvisionedThroughputExceededException')
      : undefined
  const retrying = withRetry(store, 9, { now: Date.now, random: () => 0, stop: signal })
  try {
    expect(keys(await listed({ index: 'root-index', values: true }, retrying))).toEqual(all)
    expect(keys(await listed({ index: 'by-time', partition: 's2', values: true }, retrying)).length).toBe(ROWS / 3)
    expect(asked).toBeGreaterThan(3)
  } finally {
    proxy.answering = () => undefined
  }
})

test('the time of an item is the latest of the attributes that hold one', async () => {
  const timed = await openAt(proxy, table.location, { mtimeFields: ['updatedAt', 'insertedAt'] })
  const entries = await listed({}, timed)
  const expected = Date.parse('2026-01-01T00:00:58.000Z')
  expect(entries.find(({ key }) => key === keyOf(58))?.mtimeMs).toBe(expected)
  expect(await timed.stat([keyOf(58)], signal)).toMatchObject([{ mtimeMs: expected }])
  await timed.close()
})

test('a stop ends it quietly', async () => {
  const stop = new AbortController()
  let batches = 0
  for await (const _ of store.list({}, stop.signal)) {
    batches++
    stop.abort()
  }
  expect(batches).toBe(1)
})
