/** Removals that have a witness within reach of a transaction, and what else can happen to the two at that moment. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Entry, Outcome, Store, Target } from '../../../src/store/contract.ts'
import { withRetry } from '../../../src/store/wrap/retry.ts'
import type { DynamoDbServer } from '../../servers/dynalite.ts'
import type { Table } from '../../servers/dynamodb.ts'
import { COMPOSITE_KEY, dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import type { Asked, DynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import { dynamoDbError, startDynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import { cancellation, transacting } from '../../servers/dynamodb-transactions.ts'
import { emptyTable, get, itemsOf, openAt, put, signal } from './open.ts'

type Removing = Store & { readonly remove: NonNullable<Store['remove']> }

let server: DynamoDbServer
let proxy: DynamoDbProxy
let table: Table
let other: Table
let store: Removing
beforeAll(async () => {
  server = await dynamoDbServer()
  proxy = await startDynamoDbProxy(server)
  table = await freshTable(server)
  other = await freshTable(server, COMPOSITE_KEY)
  return async () => proxy.stop()
})
const open = async () => {
  store = (await openAt(proxy, table.location)) as Removing
}
afterEach(async () => {
  await store.close()
  proxy.answering = () => undefined
  proxy.operations.length = 0
  await emptyTable(table, 'pk')
  await emptyTable(other, 'pk', 'sk')
})

const item = (pk: string, n = '1') => ({ pk: { S: pk }, n: { N: n } })
const wordOf = (outcome: Outcome) =>
  'error' in outcome ? outcome.error.code : ('reason' in outcome && outcome.reason) || outcome.outcome
const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at))
const asked = (operation: string) => proxy.operations.filter((one) => one === operation).length
const keys = async () => (await itemsOf(table)).map(({ pk }) => pk?.S).toSorted()

/** `a0` and its copy `b0`, and so on, as many as there are names; what the copies must be is what verify has seen. */
async function targets(names: readonly string[], witnessOf = (name: string) => `b${name}`): Promise<Target[]> {
  await put(
    table,
    ...names.map((name) => item(`a${name}`)),
    ...Array.from(new Set(names.map(witnessOf)), (pk) => item(pk)),
  )
  const [entry] = (await store.stat(['a0'], signal)) as Entry[]
  const expect = { etag: entry?.etag as string }
  return names.map((name) => ({
    key: `a${name}`,
    expect,
    witness: { store: `${table.location}/`, key: witnessOf(name), expect },
  }))
}

describe('in one transaction with the proof that the copy is there', () => {
  test('fifty pairs go in one request', async () => {
    await open()
    proxy.answering = transacting()
    const outcomes = await store.remove(await targets(numbers(60)), signal)
    expect(outcomes.map(wordOf)).toEqual(numbers(60).map(() => 'done'))
    expect([asked('TransactWriteItems'), asked('DeleteItem')]).toEqual([2, 0])
    expect(await keys()).toEqual(
      numbers(60)
        .map((n) => `b${n}`)
        .toSorted(),
    )
    expect(store.used?.()).toMatchObject({ WCU: 240 })
  })

  test.each([
    ['goes', undefined, 'is not there any more'],
    ['changes', item('b1', '2'), 'has changed'],
  ])('a copy that %s between the look and the removal keeps its source, and the others go', async (_, now, says) => {
    await open()
    const all = await targets(numbers(3))
    let times = 0
    proxy.answering = transacting(async () => {
      if (++times > 1) return undefined
      if (now === undefined) await removeDirectly('b1')
      else await put(table, now)
      return undefined
    })
    const outcomes = await store.remove(all, signal)
    expect(outcomes.map(wordOf)).toEqual(['done', 'E_UNPROVEN', 'done'])
    expect(outcomes[1]).toMatchObject({ error: { message: expect.stringContaining(says) } })
    expect([times, await get(table, { pk: { S: 'a1' } })]).toEqual([2, item('a1')])
  })

  test.each([
    ['changes', item('a1', '2'), 'E_CHANGED'],
    ['goes', undefined, 'gone'],
  ])('a source that %s meanwhile does not hinder the others', async (_, now, word) => {
    await open()
    const all = await targets(numbers(3))
    proxy.answering = transacting(async () => {
      if (now === undefined) await removeDirectly('a1')
      else await put(table, now)
      return undefined
    })
    expect((await store.remove(all, signal)).map(wordOf)).toEqual(['done', word, 'done'])
    expect(await get(table, { pk: { S: 'a1' } })).toEqual(now)
  })

  test('a copy that several have is asked for once', async () => {
    await open()
    proxy.answering = transacting()
    const outcomes = await store.remove(await targets(numbers(5), () => 'b'), signal)
    expect(outcomes.map(wordOf)).toEqual(numbers(5).map(() => 'done'))
    expect([asked('TransactWriteItems'), await keys()]).toEqual([1, ['b']])
  })

  test('the copy may be in another table, under another kind of key', async () => {
    await open()
    const [target] = await targets(['0'])
    const there = { pk: { S: 'p' }, sk: { S: 's' }, n: { N: '1' } }
    await put(other, there)
    const witness = { store: other.location, key: '{"pk":"p","sk":"s"}', expect: {} }
    const both = [{ ...(target as Target), witness }]
    let isGone = false
    proxy.answering = transacting(async () => {
      if (!isGone) await emptyTable(other, 'pk', 'sk')
      isGone = true
      return undefined
    })
    expect((await store.remove(both, signal)).map(wordOf)).toEqual(['E_UNPROVEN'])
    await put(other, there)
    expect((await store.remove(both, signal)).map(wordOf)).toEqual(['done'])
  })

  test('where only its being there counts, a copy may have changed', async () => {
    await open()
    proxy.answering = transacting()
    const [target] = await targets(['0'])
    await put(table, item('b0', '2'))
    const witness = { store: table.location, key: 'b0', expect: {} }
    expect((await store.remove([{ ...(target as Target), witness }], signal)).map(wordOf)).toEqual(['done'])
  })

  test('an item is no proof of itself', async () => {
    await open()
    proxy.answering = transacting()
    expect((await store.remove(await targets(['0'], () => 'a0'), signal)).map(wordOf)).toEqual(['E_UNPROVEN'])
    expect(await keys()).toEqual(['a0'])
  })

  test('a server that knows no equal documents is asked once more without them', async () => {
    await open()
    const document = { map: { M: { x: { L: [] } } } }
    await put(table, { ...item('a0'), ...document }, { ...item('b0'), ...document })
    const [entry] = (await store.stat(['a0'], signal)) as Entry[]
    const expected = { etag: entry?.etag as string }
    const witness = { store: table.location, key: 'b0', expect: expected }
    proxy.answering = transacting()
    expect((await store.remove([{ key: 'a0', expect: expected, witness }], signal)).map(wordOf)).toEqual(['done'])
    expect([await keys(), asked('TransactWriteItems')]).toEqual([
      ['b0'],
      process.env['AWS_ENDPOINT_URL_DYNAMODB'] ? 1 : 2,
    ])
  })

  test.each(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'])(
    '%s passes: it is tried again',
    async (Code) => {
      await open()
      const all = await targets(numbers(2))
      let times = 0
      proxy.answering = transacting(async () => {
        const none = { Code: 'None' }
        return ++times === 1 ? cancellation([{ Code }, none, none, none]) : undefined
      })
      const retrying = withRetry(store, 3, { now: Date.now, random: () => 0, stop: signal }) as Removing
      const outcomes = await retrying.remove(all, signal)
      expect(outcomes).toEqual([{ outcome: 'done', tries: 2 }, { outcome: 'done' }])
    },
  )

  test('a transaction that is not answered leaves each of its removals unknown', async () => {
    await open()
    const all = await targets(numbers(2))
    const transacted = transacting()
    proxy.answering = async (one: Asked) => {
      const answer = await transacted(one)
      return one.operation === 'TransactWriteItems' ? 'cut' : answer
    }
    expect((await store.remove(all, signal)).map(wordOf)).toEqual(['E_UNANSWERED', 'E_UNANSWERED'])
    expect(await keys()).toEqual(['b0', 'b1'])
  })

  test('a refusal names what is to be allowed', async () => {
    await open()
    proxy.answering = transacting(async () =>
      dynamoDbError('AccessDeniedException', 400, 'not authorized to perform: dynamodb:ConditionCheckItem'),
    )
    expect(await store.remove(await targets(['0']), signal)).toMatchObject([
      { outcome: 'failed', error: { code: 'E_DENIED', message: expect.stringContaining('ConditionCheckItem') } },
    ])
  })
})

describe('where the server has no transactions', () => {
  test.each([
    ['an unknown operation', () => dynamoDbError('UnknownOperationException'), 1],
    ['no transactions on such tables', () => dynamoDbError('ValidationException', 400, 'not for these tables'), 2],
  ])('%s: each goes by itself after a look, and that is found out once', async (_, refuse, times) => {
    await open()
    proxy.answering = ({ operation }) => (operation === 'TransactWriteItems' ? refuse() : undefined)
    const all = await targets(numbers(3))
    await removeDirectly('b1')
    proxy.operations.length = 0
    expect((await store.remove(all, signal)).map(wordOf)).toEqual(['done', 'E_UNPROVEN', 'done'])
    const more = await targets(numbers(4))
    expect((await store.remove(more, signal)).map(wordOf)).toEqual(numbers(4).map(() => 'done'))
    expect([asked('TransactWriteItems'), asked('DeleteItem')]).toEqual([times, 6])
  })
})

/** As another program does it, past the proxy. */
async function removeDirectly(pk: string): Promise<void> {
  const kept = (await itemsOf(table)).filter((one) => one['pk']?.S !== pk)
  await emptyTable(table, 'pk')
  await put(table, ...kept)
}
