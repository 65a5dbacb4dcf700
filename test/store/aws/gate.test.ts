import { describe, expect, test } from 'vitest'
import { busyLoop } from '../../../src/store/aws/busy-loop.ts'
import { Gate } from '../../../src/store/aws/gate.ts'
import { Pace } from '../../../src/store/aws/pace.ts'

/** Takes all places that there are. */
function fill(gate: Gate): void {
  while (gate.inFlight < gate.limit) gate.enter()
}

/** So many answers, each followed by as many requests as may go. */
function answers(gate: Gate, count: number, report: 'quick' | 'slow' | 'busy' = 'quick'): void {
  for (let nth = 0; nth < count; nth++) {
    gate.report(report)
    gate.leave()
    fill(gate)
  }
}

describe('the limit', () => {
  test('grows by one a round of quick answers', () => {
    const gate = new Gate()
    fill(gate)
    answers(gate, 15)
    expect(gate.limit).toBe(16)
    answers(gate, 1)
    expect(gate.limit).toBe(17)
    answers(gate, 17 + 18 + 19)
    expect(gate.limit).toBe(20)
  })

  test('does not grow while answers are slow', () => {
    const gate = new Gate()
    fill(gate)
    answers(gate, 1000, 'slow')
    expect(gate.limit).toBe(16)
  })

  test('does not grow while there is room', () => {
    const gate = new Gate()
    gate.enter()
    for (let nth = 0; nth < 1000; nth++) gate.report('quick')
    expect(gate.limit).toBe(16)
  })

  test('does not grow while this process is busy, and is asked about that once a round', () => {
    let asked = 0
    let isBusy = true
    const gate = new Gate(undefined, () => {
      asked++
      return isBusy
    })
    fill(gate)
    answers(gate, 16 * 3)
    expect({ limit: gate.limit, asked }).toEqual({ limit: 16, asked: 3 })
    isBusy = false
    answers(gate, 16)
    expect({ limit: gate.limit, asked }).toEqual({ limit: 17, asked: 4 })
  })

  test('halves once for all requests that were under way', () => {
    const gate = new Gate()
    fill(gate)
    answers(gate, 16, 'busy')
    expect(gate.limit).toBe(8)
    answers(gate, 1, 'busy')
    expect(gate.limit).toBe(4)
  })

  test('never falls below two, and never grows beyond 256', () => {
    const gate = new Gate()
    fill(gate)
    answers(gate, 1000, 'busy')
    expect(gate.limit).toBe(2)
    for (let nth = 0; nth < 200_000; nth++) answers(gate, 1)
    expect(gate.limit).toBe(256)
  })

  test('stays what it is fixed at', () => {
    const gate = new Gate(5)
    fill(gate)
    answers(gate, 100, 'busy')
    answers(gate, 1000)
    expect(gate.limit).toBe(5)
  })
})

test('who waits goes in the order of asking', async () => {
  const gate = new Gate(2)
  const order: number[] = []
  let most = 0
  const work = (nth: number) =>
    gate.run(async () => {
      most = Math.max(most, gate.inFlight)
      await new Promise(setImmediate)
      order.push(nth)
      if (nth === 7) throw new Error('one that fails makes room as well')
    })
  const all = Array.from({ length: 3000 }, (_, nth) => nth)
  await Promise.allSettled(all.map(work))
  expect(order).toEqual(all)
  expect({ most, inFlight: gate.inFlight }).toEqual({ most: 2, inFlight: 0 })
})

test('an answer is slow beside the quickest of its own kind', () => {
  const reports: string[] = []
  const gate = new Gate()
  gate.report = (kind) => void reports.push(kind)
  const pace = new Pace(gate)
  const list = 'list'
  const head = 'head'
  for (const [request, ms] of [
    [list, 200],
    [head, 10],
    [list, 400],
    [head, 30],
    [head, 45],
    [list, 700],
  ] as const) {
    pace.answered(request, ms, false)
  }
  pace.answered(head, 1, true)
  pace.timedOut()
  expect(reports).toEqual(['quick', 'quick', 'quick', 'quick', 'slow', 'slow', 'busy', 'busy'])
})

test('the loop is busy while it does nothing but work, and not while it waits', async () => {
  const isBusy = busyLoop()
  const work = () => {
    const until = performance.now() + 50
    while (performance.now() < until);
  }
  work()
  expect(isBusy()).toBe(true)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isBusy()).toBe(false)
  work()
  expect(isBusy()).toBe(true)
})
