import { describe, expect, test } from 'vitest'
import type { Credentials } from '../../../src/store/s3/credentials.ts'
import { Identity } from '../../../src/store/s3/credentials.ts'

const MINUTE = 60_000

/** Credentials that end in an hour, each new one an hour after it was fetched. */
function identity(fails = false) {
  const clock = { ms: 0 }
  let fetched = 0
  const until = (): Credentials => ({
    accessKeyId: String(fetched),
    secretAccessKey: 's',
    expiration: new Date(clock.ms + 60 * MINUTE),
  })
  const fetch = async () => {
    fetched++
    if (fails) throw new Error('no more')
    return until()
  }
  const one = new Identity(until(), fetch, () => clock.ms)
  return { clock, fetched: () => fetched, idOf: async () => (await one.current()).accessKeyId, one }
}

describe('credentials that end', () => {
  test('are renewed five minutes ahead, while requests go on with what they have', async () => {
    const { clock, fetched, idOf, one } = identity()
    clock.ms = 54 * MINUTE
    expect([await idOf(), fetched()]).toEqual(['0', 0])
    clock.ms = 56 * MINUTE
    expect(one.current()).toMatchObject({ accessKeyId: '0' })
    await one.renew()
    expect([await idOf(), fetched()]).toEqual(['1', 1])
  })

  test('are waited for at their end, once for all', async () => {
    const { clock, fetched, idOf } = identity()
    clock.ms = 61 * MINUTE
    expect(await Promise.all([idOf(), idOf(), idOf()])).toEqual(['1', '1', '1'])
    expect(fetched()).toBe(1)
  })

  test('that cannot be renewed serve to their end, and then fail', async () => {
    const { clock, idOf } = identity(true)
    clock.ms = 56 * MINUTE
    expect(await idOf()).toBe('0')
    clock.ms = 61 * MINUTE
    await expect(idOf()).rejects.toThrow('no more')
  })
})
