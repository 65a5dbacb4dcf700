/** No more at once than may be, none begun before its turn, all done. */
import { expect, test } from 'vitest'
import { sideBySide } from '../../../src/store/s3/side-by-side.ts'

/** Calls that are held until they are let go. */
function heldCalls() {
  const begun: number[] = []
  const ends: Array<() => void> = []
  const work = (_: unknown, at: number) => {
    begun.push(at)
    return new Promise<number>((resolve) => void ends.push(() => resolve(at)))
  }
  return { begun, ends, work }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('an item is begun when another has ended, and as many at once as may be by then', async () => {
  const { begun, ends, work } = heldCalls()
  let most = 2
  const all = sideBySide(['a', 'b', 'c', 'd', 'e'], () => most, work)
  expect(begun).toEqual([0, 1])
  ends[1]?.()
  await turn()
  expect(begun).toEqual([0, 1, 2])
  most = 3
  ends[0]?.()
  await turn()
  expect(begun).toEqual([0, 1, 2, 3, 4])
  for (const end of ends) end()
  expect(await all).toEqual([0, 1, 2, 3, 4])
})

test('what is done at once takes no place', async () => {
  const { begun, ends, work } = heldCalls()
  const all = sideBySide(
    [1, 2, 3, 4],
    () => 1,
    (item, at) => (item < 3 ? -item : work(item, at)),
  )
  expect(begun).toEqual([2])
  ends[0]?.()
  await turn()
  ends[1]?.()
  expect(await all).toEqual([-1, -2, 2, 3])
})

test('nothing to do', async () => expect(await sideBySide([], () => 1, heldCalls().work)).toEqual([]))

test('what is thrown comes out', async () => {
  const failing = sideBySide(
    [1, 2],
    () => 1,
    () => Promise.reject(new Error('no')),
  )
  await expect(failing).rejects.toThrow('no')
})

test('what is thrown at once comes out too, also behind another item', async () => {
  const thrown = sideBySide(
    [1, 2],
    () => 1,
    (item) => {
      if (item === 2) throw new Error('no')
      return Promise.resolve(item)
    },
  )
  await expect(thrown).rejects.toThrow('no')
})

test('behind what is thrown nothing is begun, and it comes out when nothing is under way any more', async () => {
  const { begun, ends, work } = heldCalls()
  let isOut = false
  const failing = sideBySide(
    [1, 2, 3],
    () => 2,
    (item, at) => (item === 1 ? Promise.reject(new Error('no')) : work(item, at)),
  ).catch(() => {
    isOut = true
  })
  await turn()
  expect([begun, isOut]).toEqual([[1], false])
  ends[0]?.()
  await failing
  expect([begun, isOut]).toEqual([[1], true])
})
