/** A store that fails as told stands in here for the faults that a real one does not produce on demand. */
import { expect, test } from 'vitest'
import type { ErrorCode } from '../../../src/record/errors.ts'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Entry, Outcome, Pair, Store } from '../../../src/store/contract.ts'
import { backoffMs, openAgain, withRetry } from '../../../src/store/wrap/retry.ts'

const signal = new AbortController().signal

test.each([
  [1, 0, 50],
  [1, 1, 100],
  [2, 1, 200],
  [5, 1, 1600],
  [20, 1, 10_000],
  [20, 0, 5_000],
])('before try %d + 1, with chance %d: %d ms', (tries, random, expected) => {
  expect(backoffMs(tries, random)).toBe(expected)
})

test('only what may pass is tried again, and only that', async () => {
  const asked: string[][] = []
  const answers: Record<string, (ErrorCode | 'done')[]> = {
    a: ['done'],
    b: ['E_BUSY', 'E_TIMEOUT', 'done'],
    c: ['E_DENIED'],
  }
  const store = withRetry(scripted(answers, asked), 3, pacing())
  const outcomes = await copy(store, ['a', 'b', 'c'])
  expect(asked).toEqual([['a', 'b', 'c'], ['b'], ['b']])
  expect(outcomes).toMatchObject([
    { outcome: 'done' },
    { outcome: 'done', tries: 3 },
    { outcome: 'failed', error: { code: 'E_DENIED' } },
  ])
})

test('the tries are bounded, and the last error is told', async () => {
  const asked: string[][] = []
  const store = withRetry(scripted({ a: ['E_BUSY', 'E_BUSY', 'E_BUSY', 'done'] }, asked), 2, pacing())
  expect(await copy(store, ['a'])).toMatchObject([{ outcome: 'failed', error: { code: 'E_BUSY' }, tries: 3 }])
  expect(asked.length).toBe(3)
})

test('a write that got no answer is not sent again here', async () => {
  const asked: string[][] = []
  const store = withRetry(scripted({ a: ['E_UNANSWERED', 'done'] }, asked), 3, pacing())
  expect(await copy(store, ['a'])).toMatchObject([{ outcome: 'unknown' }])
  expect(asked.length).toBe(1)
})

test('many calls that wait at once are no leak, and nothing is warned of', async () => {
  const warned: Error[] = []
  const onWarning = (warning: Error) => warned.push(warning)
  process.on('warning', onWarning)
  const keys = Array.from({ length: 20 }, (_, n) => `k${n}`)
  const store = withRetry(scripted(Object.fromEntries(keys.map((key) => [key, ['E_BUSY', 'done']])), []), 3, pacing())
  await Promise.all(keys.map((key) => copy(store, [key])))
  process.off('warning', onWarning)
  expect(warned).toEqual([])
})

test('a stop ends the waiting and the tries', async () => {
  const stop = new AbortController()
  const asked: string[][] = []
  const store = withRetry(scripted({ a: ['E_BUSY', 'done'] }, asked), 3, {
    ...pacing(),
    random: () => 1e9,
    stop: stop.signal,
  })
  const copying = copy(store, ['a'])
  stop.abort()
  expect(await copying).toMatchObject([{ outcome: 'failed' }])
})

test.each<[ErrorCode[], number, ErrorCode | 'opened']>([
  [['E_BUSY', 'E_CONNECTION'], 3, 'opened'],
  [['E_BUSY', 'E_BUSY', 'E_BUSY'], 3, 'E_BUSY'],
  [['E_TIMEOUT'], 1, 'E_TIMEOUT'],
  [['E_AUTH'], 1, 'E_AUTH'],
])('opening that fails with %j is tried %d times: %s', async (failures, times, end) => {
  let tries = 0
  const open = async () => {
    const failure = failures[tries++]
    if (failure !== undefined) throw new RekeyError(failure, 'not yet')
    return scripted({}, [])
  }
  const opened = openAgain(open, 2, pacing()).then(
    () => 'opened',
    (error) => error.code,
  )
  expect(await opened).toBe(end)
  expect(tries).toBe(times)
})

test('an ordered listing goes on behind the last key, an unordered one begins anew', async () => {
  expect(await listed(true)).toEqual(['a', 'b', 'c'])
  expect(await listed(false)).toEqual(['a', 'b', 'a', 'b', 'c'])
})

async function listed(ordered: boolean): Promise<unknown[]> {
  let failures = 1
  const store = { ...scripted({}, []), traits: { ...scripted({}, []).traits, ordered } }
  store.list = async function* (range) {
    yield ['a', 'b', 'c']
      .filter((key) => range.after === undefined || key > range.after)
      .slice(0, 2)
      .map((key): Entry => ({ key }))
    if (failures-- > 0) throw new RekeyError('E_CONNECTION', 'cut')
    if (range.after === undefined) yield [{ key: 'c' }]
  }
  const keys: unknown[] = []
  for await (const entries of withRetry(store, 3, pacing()).list({}, signal))
    keys.push(...entries.map((entry) => entry.key))
  return keys
}

async function copy(store: Store, keys: readonly string[]): Promise<readonly Outcome[]> {
  const pairs: Pair[] = keys.map((key) => ({ from: key, to: `${key}2` }))
  return (await store.copy?.(pairs, 'absent', signal)) ?? []
}

function pacing() {
  return { now: () => 0, random: () => -0.999, stop: new AbortController().signal }
}

/** Answers each key's calls in turn as its list says. */
function scripted(answers: Record<string, (ErrorCode | 'done')[]>, asked: string[][]): Store {
  return {
    location: 'scripted:',
    traits: { ordered: true, unique: true, batch: 10, concurrency: 1, holds: [], guards: ['absent'] },
    async *list() {},
    stat: async (keys) => keys.map(() => undefined),
    async copy(pairs) {
      asked.push(pairs.map((pair) => String(pair.from)))
      return pairs.map(({ from }): Outcome => {
        const answer = answers[String(from)]?.shift() ?? 'done'
        if (answer === 'done') return { outcome: 'done' }
        return { outcome: answer === 'E_UNANSWERED' ? 'unknown' : 'failed', error: new RekeyError(answer, answer) }
      })
    },
    close: async () => {},
  }
}
