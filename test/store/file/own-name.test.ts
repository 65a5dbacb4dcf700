import { expect, test } from 'vitest'
import { isOrphan, isOurName, ownerOf, ownName, parseOwnName } from '../../../src/store/file/own-name.ts'

const me = ownerOf({ host: 'pi.local', pid: 7 }, 1_700_000_000_000.25)

test.each(['pi', 'pi.local', 'a-b_c', 'ümlaut', 'with space', '', 'h'.repeat(300), '../up'])('host %j', (host) => {
  const owner = ownerOf({ host, pid: 4194304 }, 1_700_000_000_000.25)
  for (const kind of ['temporary', 'places'] as const) {
    const name = ownName(kind, owner, 123_456)
    expect(parseOwnName(name)).toEqual({ kind, ...owner })
    expect(isOurName(name)).toBe(true)
    expect(Buffer.byteLength(name)).toBeLessThan(200)
    expect(name).not.toContain('/')
  }
})

test.each([
  '.rekey',
  '.rekey.',
  '.rekey.json',
  '.rekey.1.2.3',
  '.rekey.x.2.3.h',
  '.rekey-other.1.2.3.h',
  'rekey.1.2.3.h',
])('%j is a name that a user may have', (name) => {
  expect(isOurName(name)).toBe(false)
})

const dead = () => false
const alive = () => true
test.each([
  ['a dead process of this host', { ...me, pid: 8 }, dead, true],
  ['a living process of this host', { ...me, pid: 8 }, alive, false],
  ['a process of another host', { ...me, pid: 8, host: 'elsewhere' }, dead, false],
  ['this process', me, dead, false],
  ['an earlier process of this id', { ...me, startedMs: 5 }, alive, true],
  ['an earlier process of this id on another host', { ...me, startedMs: 5, host: 'elsewhere' }, alive, false],
])('a file of %s', (_, owner, isAlive, orphan) => {
  expect(isOrphan({ kind: 'temporary', ...owner }, me, isAlive)).toBe(orphan)
})
