import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { FingerprintSet } from '../../src/record/fingerprint-set.ts'

const MILLION = 1_000_000

describe('a million keys', () => {
  test('each is new once, none is taken for another, and the size is right', () => {
    const set = new FingerprintSet()
    let wrong = 0
    for (let at = 0; at < MILLION; at++) if (!set.add(`job:${at}`)) wrong++
    for (let at = 0; at < MILLION; at++) if (set.add(`job:${at}`) || !set.has(`job:${at}`)) wrong++
    for (let at = 0; at < MILLION; at++) if (set.has(`step:${at}`)) wrong++
    expect({ wrong, size: set.size }).toEqual({ wrong: 0, size: MILLION })
  })

  test('a key under one seed says nothing of it under another', () => {
    const set = new FingerprintSet()
    expect([set.add('a', 1), set.add('a', 2), set.add('a', 1), set.has('a', 3)]).toEqual([true, true, false, false])
  })

  test('text and its bytes are one key, the empty key is one too', () => {
    const set = new FingerprintSet()
    expect([set.add('é'), set.add(Buffer.from('é')), set.has(''), set.add(''), set.has('')]).toEqual([
      true,
      false,
      false,
      true,
      true,
    ])
  })
})

test('12 to 16 bytes a key, at any size', async () => {
  const held = countArrays()
  const set = new FingerprintSet()
  const bytesAKey: number[] = []
  for (let next = 50_000, at = 0; next <= 2 * MILLION; next = Math.round(next * 1.03)) {
    while (at < next) set.add(`key-${at++}`)
    bytesAKey.push((await held()) / next)
  }
  expect(set.size).toBeGreaterThan(1.8 * MILLION)
  expect(Math.min(...bytesAKey)).toBeGreaterThan(12)
  expect(Math.max(...bytesAKey)).toBeLessThanOrEqual(16)
})

/** Counts the bytes of the typed arrays that are made from now on and still held once the garbage is out. */
function countArrays(): () => Promise<number> {
  const made: { readonly array: WeakRef<Int32Array>; readonly bytes: number }[] = []
  class CountedArray extends Int32Array {
    constructor(length: number) {
      super(length)
      made.push({ array: new WeakRef(this), bytes: this.byteLength })
    }
  }
  vi.stubGlobal('Int32Array', CountedArray)
  onTestFinished(() => void vi.unstubAllGlobals())
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc')
  return async () => {
    // A reference made in this turn keeps its array until the turn is over.
    await setImmediate()
    collectGarbage()
    return made.reduce((sum, { array, bytes }) => (array.deref() === undefined ? sum : sum + bytes), 0)
  }
}

test('many keys are looked for as one by one', () => {
  const set = new FingerprintSet()
  const keys = Array.from({ length: 5000 }, (_, at) =>
    at % 7 === 0 ? Buffer.from([0xff, at & 0xff, at >> 8]) : `key ${at}`,
  )
  keys.forEach((key, at) => {
    if (at % 3 === 0) set.add(key)
  })
  expect(set.hasAll(keys)).toEqual(keys.map((_, at) => at % 3 === 0))
  expect(set.hasAll([])).toEqual([])
})
