import { expect, test } from 'vitest'
import { ClaimTable } from '../../src/transform/claim-table.ts'

const PAGE_PAIRS = 42

test('a table whose places are at an end takes nothing more, and has lost nothing', () => {
  const pages = 30
  const table = new ClaimTable(pages + 1)
  for (let nth = 0; nth < pages * PAGE_PAIRS; nth++) table.add(7, nth)
  const full = expect.objectContaining({ code: 'E_UNSUPPORTED', message: expect.stringMatching(/in parts/) })
  expect(() => table.add(7, 0)).toThrow(full)
  expect(table.blocksUnder(7).sort((a, b) => a - b)).toEqual([...Array(pages * PAGE_PAIRS).keys()])
})
