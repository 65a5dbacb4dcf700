import { expect, test } from 'vitest'
import { endError, judgeEnd } from '../../../src/apply/parts/command-end.ts'
import type { Ended } from '../../../src/stage/command.ts'

test.each<[Ended, boolean, string]>([
  [{ code: 0 }, true, 'well'],
  [{ code: 0 }, false, 'usage'],
  [{ code: 1 }, false, 'usage'],
  [{ code: 1 }, true, 'well'],
  [{ code: 2 }, false, 'usage'],
  [{ code: 2 }, true, 'failed'],
  [{ code: 3 }, false, 'failed'],
  [{ code: 125 }, false, 'failed'],
  [{ code: 126 }, false, 'usage'],
  [{ code: 127 }, false, 'usage'],
  [{ code: 127 }, true, 'failed'],
  [{ code: 137 }, false, 'failed'],
  [{ signal: 'SIGKILL' }, false, 'failed'],
])('%j, has printed: %s, says %s', (ended, hasPrinted, says) => {
  expect(judgeEnd(ended, hasPrinted)).toBe(says)
  if (says !== 'well') {
    expect(endError('part-1', ended, hasPrinted).code).toBe(says === 'usage' ? 'E_USAGE' : 'E_COMMAND')
  }
})
