/** Rows are written beside the stream: what a store does to them, and what is said about it. */
import { expect, test } from 'vitest'
import { Publisher } from '../../../src/apply/progress/publisher.ts'
import { RekeyError } from '../../../src/record/errors.ts'
import type { Context } from '../../../src/stage/stage.ts'
import type { Store } from '../../../src/store/contract.ts'

/** A publisher whose rows are numbers, and what it has said. */
function publishing(write: (row: number) => Promise<void>) {
  const due = new Set<number>()
  const said: string[] = []
  const context = {
    abort: new AbortController().signal,
    warn: (message: string) => void said.push(`warn ${message}`),
    tell: (message: string) => void said.push(`tell ${message}`),
  } as unknown as Context
  const publisher = new Publisher<number>(
    {
      open: async () => ({}) as Store,
      due() {
        const rows = [...due]
        due.clear()
        return rows
      },
      keep: (row) => void due.add(row),
      write: (_store, row) => write(row),
    },
    context,
  )
  return { publisher, due, said }
}

const down = new RekeyError('E_CONNECTION', 'nothing listens there')

test('a store that fails is told about once, and once when it is well again; its rows are kept till then', async () => {
  let isDown = true
  const written: number[] = []
  const { publisher, due, said } = publishing(async (row) => {
    if (isDown) throw down
    written.push(row)
  })
  for (const row of [1, 2]) {
    due.add(row)
    await publisher.finish(1000)
  }
  expect([...due].sort()).toEqual([])
  isDown = false
  due.add(1).add(2)
  await publisher.finish(1000)
  expect(written.sort()).toEqual([1, 2])
  expect(said.filter((text) => text.includes('progress is not written'))).toHaveLength(3)
  expect(said.filter((text) => text.startsWith('warn progress is not written'))).toHaveLength(1)
  expect(said.at(-1)).toBe('tell progress is written again')
})

test('a store that has failed is not asked for the other rows of the round', async () => {
  let asked = 0
  const { publisher, due } = publishing(async () => {
    asked++
    throw down
  })
  for (let row = 0; row < 1000; row++) due.add(row)
  await publisher.finish(1000)
  expect(asked).toBeLessThanOrEqual(8)
})

test.each(['E_NAME', 'E_TOO_LARGE'] as const)(
  'a row that cannot be written, for %s, is told about once, and the others are written',
  async (code) => {
    const written: number[] = []
    const { publisher, due, said } = publishing(async (row) => {
      if (row % 2 === 1) throw new RekeyError(code, `row ${row}`)
      written.push(row)
    })
    for (let row = 0; row < 20; row++) due.add(row)
    await publisher.finish(1000)
    expect(written.length).toBe(10)
    expect(said).toEqual([`warn a row of progress is left out: ${code}: row 1`])
  },
)

test('one round goes on at a time, and what changes meanwhile is written by the next', async () => {
  let inFlight = 0
  let most = 0
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { publisher, due } = publishing(async () => {
    most = Math.max(most, ++inFlight)
    await held
    inFlight--
  })
  due.add(1)
  publisher.publish()
  due.add(1)
  publisher.publish()
  publisher.publish()
  release()
  await publisher.finish(1000)
  expect([most, due.size]).toEqual([1, 0])
})

test('a store that never answers holds up the end no longer than it may', async () => {
  const { publisher, due, said } = publishing(() => new Promise(() => {}))
  due.add(1)
  await publisher.finish(20)
  expect(said).toEqual(['warn the last progress is not written: no answer in 0.02 s'])
})
