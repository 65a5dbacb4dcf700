/** That the check of the whole finds what it is to find. */
import { expect, test } from 'vitest'
import { lateWrites } from './late-writes.ts'
import type { Copy, Note } from './redis-log.ts'

const start = (token: number, part = 'p'): Note => ({
  kind: 'start',
  part,
  token,
  worker: `w${token}`,
  pid: token,
  command: token,
})
const copy = (client: string, key = 'p1'): Copy => ({ kind: 'copy', key, client })
const partOf = (key: string) => key[0]

test.each<[string, readonly (Note | Copy)[], number]>([
  ['one after the other', [start(1), copy('a'), copy('a'), start(2), copy('b')], 0],
  ['a connection that serves two parts', [start(1), copy('a'), start(1, 'q'), copy('a', 'q1'), start(2), copy('b')], 0],
  ['the first after the second has started', [start(1), copy('a'), start(2), copy('a')], 1],
  ['the first after the second has copied', [start(1), copy('a'), start(2), copy('b'), copy('a')], 1],
  ['somebody nobody knows', [start(1), start(2), copy('a'), copy('b')], 1],
  ['a token that comes twice', [start(1), start(1)], 1],
  ['a copy before anybody has started', [copy('a')], 1],
])('%s', (_, events, findings) => {
  expect(lateWrites(events, partOf)).toHaveLength(findings)
})
