// Claims leases and gives them back, one after the other, as run-parts does for each part. To be bundled, for it takes its
// parts from src. usage: lease-cycle.js LOCATION COUNT
import { argv, env, hrtime, kill, pid } from 'node:process'
import { claim } from '../src/store/lease/claim.ts'
import { Watch } from '../src/store/lease/judge.ts'
import { openLeases } from '../src/store/lease/open.ts'

const [location, count] = argv.slice(2)
const surroundings = {
  env: (name) => env[name],
  envStartingWith: () => [],
  processName: { host: 'bench', pid },
  isAlive: (other) => kill(other, 0),
  die: () => {},
  warn: () => {},
}
const keeper = {
  worker: { id: 'bench', host: 'bench', pid },
  termMs: 900_000,
  staleMs: 600_000,
  clock: { now: Date.now, steady: () => Number(hrtime.bigint() / 1_000_000n) },
}
const space = await openLeases(location, { retries: 0, timeoutMs: 30_000, mtimeFields: [] }, surroundings)
const { signal } = new AbortController()
await space.check(signal)
for (let part = 0; part < Number(count); part++) {
  const { lease } = await claim(space, `part-${pid}-${part}`, keeper, new Watch(), signal)
  await lease.release(0)
}
await space.close()
