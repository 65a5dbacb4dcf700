/**
 * A table with a sort key, a proxy before its server and a store that goes through it, for the files of this folder that
 * write: opened once a file, empty for each test.
 */
import { afterEach, beforeAll } from 'vitest'
import type { Content, Outcome, Store } from '../../../src/store/contract.ts'
import { withRetry } from '../../../src/store/wrap/retry.ts'
import type { DynamoDbServer } from '../../servers/dynalite.ts'
import type { Table } from '../../servers/dynamodb.ts'
import { COMPOSITE_KEY, dynamoDbServer, freshTable } from '../../servers/dynamodb.ts'
import type { DynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import { startDynamoDbProxy } from '../../servers/dynamodb-proxy.ts'
import type { Item } from './open.ts'
import { emptyTable, openAt, signal } from './open.ts'

type Method<Name extends keyof Store> = NonNullable<Store[Name]>
export type Whole = Store & { [Name in 'copy' | 'read' | 'write' | 'remove' | 'digest' | 'matches']: Method<Name> }

export let server: DynamoDbServer
export let proxy: DynamoDbProxy
export let table: Table
export let store: Whole
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

export const key = (pk: string, sk = 's') => JSON.stringify({ pk, sk })
export const id = (pk: string, sk = 's'): Item => ({ pk: { S: pk }, sk: { S: sk } })
export const DOCUMENTS: Item = {
  map: { M: { deep: { L: [{ N: '1' }, { M: { x: { NULL: true } } }] } } },
  list: { L: [{ S: '' }, { B: new Uint8Array() }] },
  set: { SS: ['a', 'b'] },
  status: { S: 'new' },
}
export const wordOf = (outcome: Outcome) =>
  'error' in outcome ? outcome.error.code : ('reason' in outcome && outcome.reason) || outcome.outcome
export const retrying = () => withRetry(store, 5, { now: Date.now, random: () => 0, stop: signal }) as Whole
export const content = (text: string, more: Partial<Content> = {}): Content => ({
  form: 'plain',
  body: async function* () {
    yield Buffer.from(text)
  },
  ...more,
})
export const numbers = (count: number) => Array.from({ length: count }, (_, at) => String(at))
