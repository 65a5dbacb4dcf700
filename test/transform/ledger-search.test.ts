/** Of a move that nothing touches no other is read, so that a plan costs the same whatever kinds of moves it has. */
import { afterEach, expect, test, vi } from 'vitest'
import { openScratch } from '../../src/cli/scratch.ts'
import { Ledger } from '../../src/transform/ledger.ts'
import { MoveFile } from '../../src/transform/move-file.ts'

/** Moves from keys that begin with one text to keys that begin with another; by the renaming where that is absent. */
interface Moves {
  readonly from: string
  readonly to?: string
  readonly count: number
}

const COUNT = 1000

afterEach(() => void vi.restoreAllMocks())

test.each<[string, Moves, Moves]>([
  ['by a renaming, behind one that is not', { from: 'x', to: 'y', count: 1 }, { from: 'job:', count: COUNT }],
  ['not by a renaming, behind one that is', { from: 'job:', count: 1 }, { from: 'a', to: 'b', count: COUNT }],
  ['from where a renaming goes', { from: 'job:x', count: COUNT }, { from: 'step:', to: 'b', count: COUNT }],
  ['to where a renaming goes', { from: 'job:x', count: COUNT }, { from: 'a', to: 'step:', count: COUNT }],
])('moves %s', (_, ...kinds) => {
  const read = vi.spyOn(MoveFile.prototype, 'movesAt')
  const ledger = new Ledger(openScratch, { from: 'job:', to: 'step:' })
  for (const { from, to, count } of kinds) {
    for (let at = 0; at < count; at++) {
      if (to === undefined) ledger.enterRenamed('', from + at, 0)
      else ledger.enter('', from + at, '', to + at, 0)
    }
    expect(ledger.check()).toEqual([])
  }
  ledger.close()
  // Two keys may have one fingerprint.
  expect(read.mock.calls.length).toBeLessThan(10)
})
