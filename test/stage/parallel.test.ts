import { expect, test } from 'vitest'
import { parallel } from '../../src/stage/parallel.ts'

const never = new AbortController().signal

test('no more calls in flight than the limit, and every result once', async () => {
  let inFlight = 0
  let most = 0
  const results = await gather(
    parallel(
      numbers(50),
      () => 4,
      never,
      async (item) => {
        most = Math.max(most, ++inFlight)
        await turns(item % 3)
        inFlight--
        return item
      },
    ),
  )
  expect(most).toBe(4)
  expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n))
})

test('a result comes as soon as it is ready, though the input waits', async () => {
  let release = () => {}
  const opened = new Promise<void>((resolve) => {
    release = resolve
  })
  async function* slow() {
    yield 1
    await opened
  }
  const results = parallel(
    slow(),
    () => 2,
    never,
    async (item) => item,
  )
  expect(await results.next()).toEqual({ value: 1, done: false })
  release()
  expect(await results.next()).toEqual({ value: undefined, done: true })
})

test('the reader sets the pace: nothing is taken up while it does not read', async () => {
  let taken = 0
  async function* counted() {
    for (; taken < 1000; ) yield taken++
  }
  const results = parallel(
    counted(),
    () => 3,
    never,
    async (item) => item,
  )
  await results.next()
  await turns(50)
  expect(taken).toBeLessThan(10)
  await results.return(undefined)
})

test('a failure comes after what was in flight, and no result is lost', async () => {
  const results: number[] = []
  const run = async () => {
    const stream = parallel(
      numbers(10),
      () => 3,
      never,
      async (item) => {
        await turns(5 + item)
        if (item === 1) throw new Error('no')
        return item
      },
    )
    for await (const result of stream) results.push(result)
  }
  await expect(run()).rejects.toThrow('no')
  expect(results).toContain(0)
  expect(results).toContain(2)
})

test('a failing input ends the run after what was in flight', async () => {
  async function* failing() {
    yield 1
    throw new Error('input')
  }
  const results: number[] = []
  const run = async () => {
    for await (const result of parallel(
      failing(),
      () => 2,
      never,
      async (item) => item,
    ))
      results.push(result)
  }
  await expect(run()).rejects.toThrow('input')
  expect(results).toEqual([1])
})

test('stop takes up nothing further and finishes what is in flight', async () => {
  const stop = new AbortController()
  const started: number[] = []
  const results = await gather(
    parallel(
      numbers(100),
      () => 2,
      stop.signal,
      async (item) => {
        started.push(item)
        if (item === 3) stop.abort()
        await turns(2)
        return item
      },
    ),
  )
  expect(results.toSorted((a, b) => a - b)).toEqual(started)
  expect(started.length).toBeLessThan(7)
})

async function* numbers(count: number) {
  for (let n = 0; n < count; n++) yield n
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function gather<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of stream) all.push(item)
  return all
}
