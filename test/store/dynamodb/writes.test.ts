/** Writes to a table with a sort key: guards, batches, what does not fit, and what goes wrong on the way. */
import { BatchGetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Content, Entry, Outcome, Store } from '../../../src/store/contract.ts'
import { compareContents } from '../../../src/store/same-content.ts'
import { withRetry } from '../../../src/store/wrap/retry.ts'
import type { DynamoDbServer } from '../../servers/dynalite.ts'
import type { Table } from '../../servers/dynamodb.ts'
import { COMPOSITE_KEY, dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import type { DynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import { dynamoDbError, startDynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import type { Item } from './open.ts'
import { emptyTable, get, itemsOf, openAt, put, signal } from './open.ts'

type Method<Name extends keyof Store> = NonNullable<Store[Name]>
type Whole = Store & { [Name in 'copy' | 'read' | 'write' | 'remove' | 'digest' | 'matches']: Method<Name> }

let server: DynamoDbServer
let proxy: DynamoDbProxy
let table: Table
let store: Whole
beforeAll(async () => {
  server = await dynamoDbServer()
  proxy = await startDynamoDbProxy(server)
  table = await freshTable(server, COMPOSITE_KEY)
  store = (await openAt(proxy, table.location)) as Whole
  return async () => {
    await store.close()
    await proxy.stop()
  }
})
afterEach(async () => {
  proxy.answering = () => undefined
  proxy.operations.length = 0
  await emptyTable(table, 'pk', 'sk')
})

const key = (pk: string, sk = 's') => JSON.stringify({ pk, sk })
const id = (pk: string, sk = 's'): Item => ({ pk: { S: pk }, sk: { S: sk } })
const DOCUMENTS: Item = {
  map: { M: { deep: { L: [{ N: '1' }, { M: { x: { NULL: true } } }] } } },
  list: { L: [{ S: '' }, { B: new Uint8Array() }] },
  set: { SS: ['a', 'b'] },
  status: { S: 'new' },
}
const wordOf = (outcome: Outcome) =>
  'error' in outcome ? outcome.error.code : ('reason' in outcome && outcome.reason) || outcome.outcome
const retrying = () => withRetry(store, 5, { now: Date.now, random: () => 0, stop: signal }) as Whole
const content = (text: string, more: Partial<Content> = {}): Content => ({
  form: 'plain',
  body: async function* () {
    yield Buffer.from(text)
  },
  ...more,
})
const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at))

test('a copy has all attributes, empty ones too, and its own key', async () => {
  await put(table, { ...id('a'), ...DOCUMENTS })
  expect(await store.copy([{ from: key('a'), to: key('b', 't') }], 'absent', signal)).toEqual([{ outcome: 'done' }])
  expect(await get(table, id('b', 't'))).toEqual({ ...id('b', 't'), ...DOCUMENTS })
  const [from, to] = await store.digest([key('a'), key('b', 't')], signal)
  expect(to).toBe(from)
  expect(await store.alike?.([{ from: key('a'), to: key('b', 't') }], signal)).toEqual([from])
})

test('an attribute may have any name', async () => {
  const names = ['constructor', '#a', ':a', 'a.b', 'a[0]', ' ', '$number', 'size', '1']
  const odd = Object.fromEntries(names.map((name) => [name, { S: name }]))
  await put(table, { ...id('a'), ...odd, map: { M: odd } })
  const pairs = [{ from: key('a'), to: key('b') }]
  expect((await store.copy(pairs, 'absent', signal)).map(wordOf)).toEqual(['done'])
  const [etag] = ((await store.stat([key('b')], signal)) as Entry[]).map((entry) => entry.etag as string)
  const read = await (await store.read(key('a'), signal))?.body()[Symbol.asyncIterator]().next()
  for (const name of names) expect(Buffer.from(read?.value).toString()).toContain(`${JSON.stringify(name)}:`)
  const match = [{ from: key('a'), to: key('b'), expect: { etag: etag as string } }]
  expect((await store.copy(match, 'match', signal)).map(wordOf)).toEqual(['done'])
  expect((await store.remove([{ key: key('b'), expect: { etag: etag as string } }], signal)).map(wordOf)).toEqual([
    'done',
  ])
  const { Responses } = await table.client.send(
    new BatchGetItemCommand({ RequestItems: { [table.name]: { Keys: [id('a')] } } }),
  )
  expect(Object.keys(Responses?.[table.name]?.[0] ?? {}).toSorted()).toEqual([...names, 'map', 'pk', 'sk'].toSorted())
})

test('an item with an attribute that the SDK does not give is left alone', async () => {
  await put(table, id('a'))
  proxy.answering = async ({ operation, forward }) => {
    if (operation !== 'BatchGetItem' && operation !== 'Scan') return undefined
    const { status, body } = await forward()
    for (const item of body.Items ?? body.Responses[table.name])
      Object.defineProperty(item, '__proto__', { value: { S: 'x' }, enumerable: true })
    return { status, body }
  }
  const outcomes = await store.copy([{ from: key('a'), to: key('b') }], 'absent', signal)
  expect(outcomes).toMatchObject([{ outcome: 'failed', error: { code: 'E_TYPE' } }])
  const listing = async () => {
    for await (const _ of store.list({ values: true }, signal));
  }
  await expect(listing()).rejects.toMatchObject({ code: 'E_TYPE', message: expect.stringContaining('__proto__') })
})

test('an item that another run removes meanwhile is gone, not changed', async () => {
  const other = (await openAt(proxy, table.location)) as Whole
  await put(table, { ...id('a'), ...DOCUMENTS })
  const [seen] = (await other.stat([key('a')], signal)) as readonly Entry[]
  let asked = 0
  proxy.answering = async ({ operation }) => {
    // The first is refused by a server that compares no documents; before the next one the item goes.
    if (operation !== 'DeleteItem') return undefined
    if (++asked === 1) return dynamoDbError('ConditionalCheckFailedException')
    await emptyTable(table, 'pk', 'sk')
    return undefined
  }
  const outcomes = await other.remove([{ key: key('a'), expect: { etag: seen?.etag as string } }], signal)
  expect([outcomes, asked]).toEqual([[{ outcome: 'skipped', reason: 'gone' }], 2])
  await other.close()
})

test('two spellings of a table show one object under one key', async () => {
  const other = (await openAt(proxy, `${table.location}/`)) as Whole
  await put(table, { ...id('a'), ...DOCUMENTS }, { ...id('b'), ...DOCUMENTS })
  const [[here, another], [there]] = (await Promise.all([
    store.stat([key('a'), key('b')], signal),
    other.stat([key('a')], signal),
  ])) as [Entry[], Entry[]]
  expect(here?.object).toBeDefined()
  expect(there?.object).toBe(here?.object)
  expect(another?.object).not.toBe(here?.object)
  await other.close()
})

test('a source that is no longer what was listed is not copied', async () => {
  await put(table, { ...id('a'), n: { N: '1' } })
  const [entry] = (await store.stat([key('a')], signal)) as Entry[]
  await put(table, { ...id('a'), n: { N: '2' } })
  const source = { etag: entry?.etag as string }
  const outcomes = await store.copy([{ from: key('a'), to: key('b'), source }], 'absent', signal)
  expect(outcomes.map(wordOf)).toEqual(['E_CHANGED'])
  expect(await get(table, id('b'))).toBeUndefined()
})

describe('under the guard match, and in removals, what counts is the item at the moment of the write', () => {
  const change = async (how: string) => {
    await table.client.send(
      new UpdateItemCommand({
        TableName: table.name,
        Key: id('b'),
        UpdateExpression: how,
        ...(how.includes('#s') && { ExpressionAttributeNames: { '#s': 'status' } }),
        ...(how.includes(':new') && { ExpressionAttributeValues: { ':new': { S: 'changed' } } }),
      }),
    )
  }
  const writes: [string, string, (etag: string) => Promise<readonly Outcome[]>][] = [
    ['copy', 'PutItem', (etag) => store.copy([{ from: key('a'), to: key('b'), expect: { etag } }], 'match', signal)],
    [
      'write',
      'PutItem',
      async (etag) => [await store.write({ key: key('b'), content: content('{}'), expect: { etag } }, 'match', signal)],
    ],
    ['remove', 'DeleteItem', (etag) => store.remove([{ key: key('b'), expect: { etag } }], signal)],
  ]
  describe.each(writes)('%s', (_, writing, write) => {
    const begin = async (between: (() => Promise<void>) | undefined) => {
      await put(table, { ...id('a'), ...DOCUMENTS }, { ...id('b'), ...DOCUMENTS })
      const [entry] = (await store.stat([key('b')], signal)) as Entry[]
      proxy.answering = async ({ operation }) => {
        if (operation === writing) {
          proxy.answering = () => undefined
          await between?.()
        }
        return undefined
      }
      return (await write(entry?.etag as string)).map(wordOf)
    }
    test('as it was', async () => {
      expect(await begin(undefined)).toEqual(['done'])
    })
    test('an attribute that has changed since the look', async () => {
      expect(await begin(() => change('SET #s=:new'))).toEqual(['E_CHANGED'])
      expect(await get(table, id('b'))).toEqual({ ...id('b'), ...DOCUMENTS, status: { S: 'changed' } })
    })
    test('an attribute that has been added since the look, as another item has it', async () => {
      await put(table, { ...id('c'), 'added-later': { S: 'x' } })
      await store.stat([key('c')], signal)
      const more = { ...id('b'), ...DOCUMENTS, 'added-later': { S: 'changed' } }
      expect(await begin(() => put(table, more))).toEqual(['E_CHANGED'])
      expect(await get(table, id('b'))).toEqual(more)
    })
    test('an attribute that is gone since the look', async () => {
      expect(await begin(() => change('REMOVE #s'))).toEqual(['E_CHANGED'])
    })
    test('an item that is gone since the look', async () => {
      expect(await begin(() => emptyTable(table, 'pk', 'sk'))).toEqual(['gone'])
      expect(await get(table, id('b'))).toBeUndefined()
    })
  })
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
  await put(table, ...numbers(12).map((n) => ({ ...id(n), filler: { S: 'x'.repeat(300_000) } })))
  proxy.operations.length = 0
  const found = await store.stat(
    numbers(12).map((n) => key(n)),
    signal,
  )
  expect(found.filter((one) => one !== undefined && !(one instanceof Error)).length).toBe(12)
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

describe('content of other stores', () => {
  const write = (text: string, more: Partial<Content> = {}) =>
    store.write({ key: key('a'), content: content(text, more) }, 'absent', signal)

  test('a JSON object becomes an item, under the key that it is given', async () => {
    expect(await write('{"pk":"other","n":12345678901234567890,"tags":{"$stringSet":["x"]},"e":""}')).toEqual({
      outcome: 'done',
    })
    expect(await get(table, id('a'))).toEqual({
      ...id('a'),
      n: { N: '12345678901234567890' },
      tags: { SS: ['x'] },
      e: { S: '' },
    })
  })

  test('it matches what it has become, whatever its spelling, and nothing else', async () => {
    const text = '{ "n" : 1.0, "b":{"y":1,"x":2} }'
    expect(await write(text)).toEqual({ outcome: 'done' })
    expect(await store.matches(key('a'), content(text), signal)).toBe(true)
    expect(await store.matches(key('a'), content('{"b":{"x":2,"y":1},"n":1,"pk":"p","sk":"q"}'), signal)).toBe(true)
    expect(await store.matches(key('a'), content('{"n":2,"b":{"y":1,"x":2}}'), signal)).toBe(false)
    expect(await store.matches(key('none'), content(text), signal)).toBe(false)
  })

  test.each([
    ['text', 'text', {}, 'E_TYPE'],
    ['an array', '[]', {}, 'E_TYPE'],
    ['a dump of Redis', '{}', { form: 'redis-dump' }, 'E_TYPE'],
    ['more than an item holds', JSON.stringify({ a: 'x'.repeat(410_000) }), {}, 'E_TOO_LARGE'],
    ['far more', JSON.stringify({ a: 'x'.repeat(5_000_000) }), {}, 'E_TOO_LARGE'],
  ] as const)('%s fails, and nothing is written', async (_, text, more, code) => {
    expect(wordOf(await write(text, more))).toBe(code)
    expect(await itemsOf(table)).toEqual([])
  })

  test('bytes that are no text fail, and match nothing that replaces them', async () => {
    const broken: Partial<Content> = {
      body: async function* () {
        yield Buffer.from('{"a":"\xff"}', 'latin1')
      },
    }
    expect(wordOf(await write('', broken))).toBe('E_TYPE')
    await put(table, { ...id('a'), a: { S: '\ufffd' } })
    await expect(store.matches(key('a'), content('', broken), signal)).rejects.toMatchObject({ code: 'E_TYPE' })
  })

  test('what a table has no place for is named', async () => {
    expect(await write('{}', { mtimeMs: 1, expiresMs: 2, mode: 0o644 })).toEqual({
      outcome: 'done',
      lost: ['expires', 'mtime', 'mode'],
    })
  })
})

test('between tables whose keys have other names, contents compare as what they are', async () => {
  const other = await freshTable(server)
  const dest = (await openAt(server, other.location)) as Whole
  await put(table, { ...id('a'), ...DOCUMENTS })
  const read = (await store.read(key('a'), signal)) as Content
  expect(await dest.write({ key: 'new', content: read }, 'absent', signal)).toEqual({ outcome: 'done' })
  expect(await get(other, { pk: { S: 'new' } })).toEqual({ ...DOCUMENTS, pk: { S: 'new' }, sk: { S: 's' } })
  const pair = { from: key('a'), to: 'new' }
  expect(await compareContents(store, dest, [pair], signal)).toMatchObject([{ same: true, proof: 'bytes' }])
  await put(other, { pk: { S: 'new' }, sk: { S: 's' }, ...DOCUMENTS, more: { N: '1' } })
  expect(await compareContents(store, dest, [pair], signal)).toMatchObject([{ same: false }])
  await dest.close()
})

describe('a write that is not answered', () => {
  const create = () => store.copy([{ from: key('a'), to: key('b') }], 'absent', signal)
  test('is unknown, for it may have been made', async () => {
    await put(table, id('a'))
    proxy.answering = async ({ operation, forward }) => {
      if (operation !== 'PutItem') return undefined
      await forward()
      return 'cut'
    }
    expect(await create()).toMatchObject([{ outcome: 'unknown', error: { code: 'E_UNANSWERED' } }])
    expect(await get(table, id('b'))).toEqual(id('b'))
  })

  test('so is one that ends in an inner error of the server', async () => {
    await put(table, id('a'))
    proxy.answering = ({ operation }) =>
      operation === 'PutItem' ? dynamoDbError('InternalServerError', 500) : undefined
    expect(await create()).toMatchObject([{ outcome: 'unknown', error: { code: 'E_UNANSWERED' } }])
  })

  test.each(['ThrottlingException', 'RequestLimitExceeded', 'ProvisionedThroughputExceededException'])(
    '%s is a refusal, and may pass',
    async (name) => {
      await put(table, id('a'))
      proxy.answering = ({ operation }) => (operation === 'PutItem' ? dynamoDbError(name) : undefined)
      expect(await create()).toMatchObject([{ outcome: 'failed', error: { code: 'E_BUSY', retryable: true } }])
    },
  )

  test('AccessDeniedException names the key', async () => {
    await put(table, id('a'))
    proxy.answering = ({ operation }) =>
      operation === 'PutItem' ? dynamoDbError('AccessDeniedException', 400, 'no dynamodb:PutItem') : undefined
    expect(await create()).toMatchObject([
      {
        outcome: 'failed',
        error: { code: 'E_DENIED', message: expect.stringContaining('writing "{\\"pk\\":\\"b\\"') },
      },
    ])
  })
})

test('a server of 20 write units a second is not asked much more, and all is written', {
  timeout: 60_000,
}, async () => {
  const slow = (await openAt(proxy, table.location)) as Whole
  await put(table, ...numbers(80).map((n) => id(n)))
  let left = 5
  let refilledAt = Date.now()
  let refused = 0
  proxy.answering = ({ operation }) => {
    if (operation !== 'PutItem') return undefined
    left = Math.min(5, left + ((Date.now() - refilledAt) * 20) / 1000)
    refilledAt = Date.now()
    if (left >= 1) {
      left--
      return undefined
    }
    refused++
    return dynamoDbError('ProvisionedThroughputExceededException')
  }
  const dest = withRetry(slow, 8, { now: Date.now, random: Math.random, stop: signal }) as Whole
  const pairs = numbers(80).map((n) => ({ from: key(n), to: key(n, 'copy') }))
  const outcomes = await Promise.all([
    dest.copy(pairs.slice(40), 'absent', signal),
    dest.copy(pairs.slice(0, 40), 'absent', signal),
  ])
  expect(outcomes.flat().map(wordOf)).toEqual(pairs.map(() => 'done'))
  expect(refused).toBeGreaterThan(0)
  expect(refused).toBeLessThan(80)
  expect(slow.state?.()).toMatch(/80 WCU of \d+\/s$/)
  // What is tried again is read again.
  expect(slow.used?.()).toEqual({ RCU: expect.any(Number), WCU: 80 })
  await slow.close()
})
