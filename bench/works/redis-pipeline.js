// The whole pipeline on Redis, its server on the same machine: list-keys | rewrite-keys | copy-apply | verify, and the
// same with delete-apply behind it. All that it lists must come out verified. It lists by a pattern, as one does: without it
// SCAN comes upon the copies too, which are being made meanwhile.
import { measure } from '../measure.js'
import { addJob, plant, startRedis } from '../redis.js'
import { figure, thousands } from '../report.js'

const KEYS = 500_000
const LEAST_KEYS_A_SECOND = 40_000

export async function work(bench) {
  const redis = await startRedis(bench)
  if (redis === undefined) return []
  const count = bench.size(KEYS)
  const four = `list-keys ${redis.location} --match 'job:*' | rewrite-keys --sub 's/^job:/step:/' | copy-apply | verify`
  const proven = await median(bench, redis, count, `${four} > proven.ndjson`, bench.rounds)
  const moved = await median(bench, redis, count, `${four} | delete-apply > deleted.ndjson`, 1)
  await redis.stop()
  const verified = Number(/([\d,]+) verified/.exec(proven.stderr)?.[1]?.replaceAll(',', '') ?? 0)
  return [
    {
      work: `list, rewrite, copy and verify in one pipe, ${count.toLocaleString('en-US')} Redis hashes`,
      ours: `${thousands(count / proven.wallS)}, ${verified === count ? 'all' : verified} verified`,
      mark: `≥ ${thousands(LEAST_KEYS_A_SECOND)}`,
      met: count / proven.wallS >= LEAST_KEYS_A_SECOND && verified === count,
    },
    cpuRow(proven, count),
    { work: '  the same, and delete-apply', ours: thousands(count / moved.wallS) },
    cpuRow(moved, count),
  ]
}

/** Of all runs the one whose time is the median; each begins with the same keys. */
async function median(bench, redis, count, command, rounds) {
  const runs = []
  for (let round = 0; round < rounds; round++) {
    await redis.client.flushall()
    await plant(redis.client, count, addJob)
    const before = await redis.cpuS()
    const run = await measure(bench, command)
    runs.push({ ...run, serverCpuS: (await redis.cpuS()) - before })
  }
  return runs.toSorted((a, b) => a.wallS - b.wallS)[Math.floor(runs.length / 2)]
}

function cpuRow({ cpuS, serverCpuS }, count) {
  const us = (seconds) => `${figure((seconds / count) * 1e6)} µs`
  return { work: '  CPU of the tools and of the server', ours: `${us(cpuS)} and ${us(serverCpuS)} a key` }
}
