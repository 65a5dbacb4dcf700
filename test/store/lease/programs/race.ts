/**
 * For each line of names on stdin, claims all of them at once and prints which it has got; gives all back for the line
 * `release`: LOCATION ID
 */

import { argv, env, pid, stdin } from 'node:process'
import { createInterface } from 'node:readline'
import { STORE_DEFAULTS } from '../../../../src/store/contract.ts'
import { claim } from '../../../../src/store/lease/claim.ts'
import type { Lease } from '../../../../src/store/lease/held.ts'
import { Watch } from '../../../../src/store/lease/judge.ts'
import { openLeases } from '../../../../src/store/lease/open.ts'

const [location = '', id = ''] = argv.slice(2)
const { signal } = new AbortController()
const space = await openLeases(location, STORE_DEFAULTS, {
  env: (name) => env[name],
  envStartingWith: () => [],
  processName: { host: 'test', pid },
  isAlive: () => true,
  compileSooner: () => {},
  warn: () => {},
  die: () => {},
})
const keeper = {
  worker: { id, host: 'test', pid },
  termMs: 900_000,
  staleMs: 600_000,
  clock: { now: Date.now, steady: () => performance.now() },
}
// The connection stands before the race begins.
await space.read('warm-up', signal)
console.log('"ready"')
let held: Lease[] = []
for await (const line of createInterface(stdin)) {
  if (line === 'release') {
    await Promise.all(held.map((lease) => lease.release(0)))
    held = []
    console.log('["released"]')
    continue
  }
  const claims = await Promise.all(line.split(' ').map((name) => claim(space, name, keeper, new Watch(), signal)))
  const won = claims.flatMap((claimed) => ('lease' in claimed ? [claimed.lease] : []))
  held.push(...won)
  console.log(JSON.stringify(won.map(({ name }) => name)))
}
await space.close()
