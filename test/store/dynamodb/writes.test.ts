/** Copies and writes to a table with a sort key: what an item is, and what of other stores becomes one. */
import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import type { Content, Entry } from '../../../src/store/contract.ts'
import { compareContents } from '../../../src/store/same-content.ts'
import { freshTable } from '../../servers/dynamodb.ts'
import { dynamoDbError } from '../../servers/dynamodb-proxy.ts'
import type { Whole } from './composite-table.ts'
import { content, DOCUMENTS, id, key, proxy, server, store, table, wordOf } from './composite-table.ts'
import { emptyTable, get, itemsOf, openAt, put, signal } from './open.ts'

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
