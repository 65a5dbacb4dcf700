/** Small batches joined, as far as they have come. */
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { gather } from '../../src/stage/gather.ts'

async function all<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(batch)
  return found
}

async function* ready(...batches: number[][]): AsyncGenerator<number[]> {
  yield* batches
}

describe('gather', () => {
  test('joins what is ready, up to the limit, in order', async () => {
    expect(await all(gather(ready([1], [2, 3], [4], [5, 6], [7]), () => 4))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7],
    ])
    expect(await all(gather(ready([1, 2, 3], [4, 5, 6, 7, 8, 9], []), () => 4))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9],
    ])
  })

  test('leaves batches as they are while there is no limit', async () => {
    expect(await all(gather(ready([1], [2]), () => 0))).toEqual([[1], [2]])
  })

  test('does not wait for what has not come', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    async function* slow(): AsyncGenerator<number[]> {
      yield [1]
      await held
      yield [2]
    }
    const gathered = gather(slow(), () => 10)
    expect((await gathered.next()).value).toEqual([1])
    release()
    expect((await gathered.next()).value).toEqual([2])
    expect((await gathered.next()).done).toBe(true)
  })

  test('hands on a failure of the input behind what came before it', async () => {
    async function* failing(): AsyncGenerator<number[]> {
      yield [1]
      throw new Error('the input broke')
    }
    const gathered = gather(failing(), () => 10)
    expect((await gathered.next()).value).toEqual([1])
    await expect(gathered.next()).rejects.toThrow('the input broke')
  })

  test('ends its input when it is left early', async () => {
    let ended = false
    async function* endless(): AsyncGenerator<number[]> {
      try {
        for (let number = 0; ; number++) {
          await turn()
          yield [number]
        }
      } finally {
        ended = true
      }
    }
    for await (const batch of gather(endless(), () => 1)) {
      expect(batch).toEqual([0])
      break
    }
    expect(ended).toBe(true)
  })
})
