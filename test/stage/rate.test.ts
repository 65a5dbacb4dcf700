/** What --rate says. */
import { describe, expect, test } from 'vitest'
import { rateOf } from '../../src/stage/rate.ts'
import type { Arguments } from '../../src/stage/tool.ts'

const given = (rate?: string): Arguments => ({ flags: { rate }, words: [], command: [] })

test.each<[string | undefined, object]>([
  [undefined, {}],
  ['200', { ratePerSecond: 200 }],
  ['100rcu', { readUnitsPerSecond: 100 }],
  ['0.5WCU', { writeUnitsPerSecond: 0.5 }],
  ['200, 100rcu,50wcu', { ratePerSecond: 200, readUnitsPerSecond: 100, writeUnitsPerSecond: 50 }],
])('%s', (text, rate) => {
  expect(rateOf(given(text))).toEqual(rate)
})

describe('anything else is an error of usage', () => {
  test.each(['', '0', '-1', 'fast', '10xcu', '1e3', '10rcu,20rcu', '10,', '0rcu'])('%j', (text) => {
    expect(() => rateOf(given(text))).toThrow(`"${text}" is not that`)
  })

  test.each(['10', '10wcu'])('%s, for a tool that only reads', (text) => {
    expect(() => rateOf(given(text), ['rcu'])).toThrow('read capacity units, as 100rcu')
    expect(rateOf(given('10rcu'), ['rcu'])).toEqual({ readUnitsPerSecond: 10 })
  })
})
