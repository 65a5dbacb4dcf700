/** Writes to a table that hold only while the item is what it was. */
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { describe, expect, test } from 'vitest'
import type { Entry, Outcome } from '../../../src/store/contract.ts'
import { content, DOCUMENTS, id, key, proxy, store, table, wordOf } from './composite-table.ts'
import { emptyTable, get, put, signal } from './open.ts'

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
