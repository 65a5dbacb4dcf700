/** What goes to a table and comes from it by the batch: how much at once, and what is left for later. */
import { describe, expect, test } from 'vitest'
import { batchesOf } from '../../../src/store/dynamodb/batch-put.ts'
import { content, id, key, numbers, proxy, retrying, store, table, wordOf } from './composite-table.ts'
import { get, itemsOf, put, signal } from './open.ts'

const puts = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, at) => ({
    key: String(at),
    item: { pk: { S: String(at) }, body: { B: new Uint8Array(bytes) } },
  }))

test.each([
  ['25 items', puts(60, 10), [25, 25, 10]],
  ['12 MB as they are sent: 30 items of 400 KB in base64', puts(30, 400 * 1024), [23, 7]],
])('%s at the most', (_, all, sizes) => {
  const batches = batchesOf(all)
  expect(batches.map(({ length }) => length)).toEqual(sizes)
  expect(batches.flat()).toEqual(all)
})

describe('whatever is there, by the batch', () => {
  test('25 a request, one outcome each', async () => {
    await put(table, ...numbers(60).map((n) => ({ ...id(n), n: { N: n } })))
    const pairs = numbers(60).map((n) => ({ from: key(n), to: key(n, 'copy') }))
    proxy.operations.length = 0
    expect((await store.copy(pairs, 'any', signal)).map(wordOf)).toEqual(pairs.map(() => 'done'))
    expect(proxy.operations.filter((one) => one === 'BatchWriteItem').length).toBe(3)
    expect((await itemsOf(table)).length).toBe(120)
  })

  test('of two with one key the later one stays', async () => {
    await put(table, { ...id('a'), n: { N: '1' } }, { ...id('b'), n: { N: '2' } })
    const pairs = [key('a'), key('b')].map((from) => ({ from, to: key('one') }))
    expect((await store.copy(pairs, 'any', signal)).map(wordOf)).toEqual(['done', 'done'])
    expect(await get(table, id('one'))).toEqual({ ...id('one'), n: { N: '2' } })
  })

  test('single writes of one turn go together', async () => {
    const write = (n: string) => store.write({ key: key(n), content: content(`{"n":${n}}`) }, 'any', signal)
    expect((await Promise.all(numbers(30).map(write))).map(wordOf)).toEqual(numbers(30).map(() => 'done'))
    expect(proxy.operations).toEqual(['BatchWriteItem', 'BatchWriteItem'])
  })

  test('what the server leaves for later is tried again, and nothing else is', async () => {
    await put(table, ...numbers(20).map((n) => ({ ...id(n), n: { N: n } })))
    let calls = 0
    proxy.answering = async ({ operation, body, forward }) => {
      if (operation !== 'BatchWriteItem' || ++calls > 2) return undefined
      const requests = body.RequestItems[table.name]
      await forward({ ...body, RequestItems: { [table.name]: requests.slice(5) } })
      return { status: 200, body: { UnprocessedItems: { [table.name]: requests.slice(0, 5) } } }
    }
    const pairs = numbers(20).map((n) => ({ from: key(n), to: key(n, 'copy') }))
    const outcomes = await retrying().copy(pairs, 'any', signal)
    expect(outcomes.map(wordOf)).toEqual(pairs.map(() => 'done'))
    expect(outcomes.filter(({ tries }) => tries === 3).length).toBe(5)
    expect(outcomes.filter(({ tries }) => tries === undefined).length).toBe(15)
  })
})

test('keys that the server leaves for later are busy, and are asked for again', async () => {
  await put(table, ...numbers(10).map((n) => id(n)))
  let calls = 0
  proxy.answering = async ({ operation, body, forward }) => {
    if (operation !== 'BatchGetItem' || ++calls > 1) return undefined
    const { Keys } = body.RequestItems[table.name]
    const { body: answer } = await forward({ RequestItems: { [table.name]: { Keys: Keys.slice(3) } } })
    return { status: 200, body: { ...answer, UnprocessedKeys: { [table.name]: { Keys: Keys.slice(0, 3) } } } }
  }
  const keys = numbers(10).map((n) => key(n))
  const first = await store.stat(keys, signal)
  expect(first.map((one) => (one instanceof Error ? (one as never as { code: string }).code : 'there'))).toEqual([
    ...Array(3).fill('E_BUSY'),
    ...Array(7).fill('there'),
  ])
  calls = 0
  expect((await retrying().stat(keys, signal)).every((one) => one !== undefined && !(one instanceof Error))).toBe(true)
})

test('items that are more than an answer may hold all come', async () => {
  // 16 MB is what Amazon gives at once; dynalite gives less, and takes its time to take them.
  const many = process.env['AWS_ENDPOINT_URL_DYNAMODB'] ? 44 : 12
  await put(table, ...numbers(many).map((n) => ({ ...id(n), filler: { S: 'x'.repeat(400_000) } })))
  proxy.operations.length = 0
  const found = await store.stat(
    numbers(many).map((n) => key(n)),
    signal,
  )
  expect(found.filter((one) => one !== undefined && !(one instanceof Error)).length).toBe(many)
  expect(proxy.operations.length).toBeGreaterThan(1)
  const pairs = numbers(12).map((n) => ({ from: key(n), to: key(n, 'copy') }))
  expect((await store.copy(pairs, 'any', signal)).map(wordOf)).toEqual(pairs.map(() => 'done'))
})

describe.each(['absent', 'any'] as const)('under the guard %s, an item that is too large', (guard) => {
  test('fails by itself, with what it is', async () => {
    // Just so large that the longer key is too much.
    const filler = { filler: { S: 'x'.repeat(400 * 1024 - 40) } }
    await put(
      table,
      { ...id('0'), ...filler },
      ...numbers(5)
        .slice(1)
        .map((n) => id(n)),
    )
    const pairs = numbers(5).map((n) => ({ from: key(n), to: key(n, 'long'.repeat(20)) }))
    const outcomes = await store.copy(pairs, guard, signal)
    expect(outcomes.map(wordOf)).toEqual(['E_TOO_LARGE', 'done', 'done', 'done', 'done'])
    expect(outcomes[0]).toMatchObject({ outcome: 'failed', error: { retryable: false } })
  })
})
