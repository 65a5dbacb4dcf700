/** Writes to a table that are refused, throttled, or not answered. */
import { describe, expect, test } from 'vitest'
import { withRetry } from '../../../src/store/wrap/retry.ts'
import { dynamoDbError } from '../../servers/dynamodb-proxy.ts'
import type { Whole } from './composite-table.ts'
import { id, key, numbers, proxy, store, table, wordOf } from './composite-table.ts'
import { get, openAt, put, signal } from './open.ts'

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
