// list-keys on Redis, with type and expiry of each key, beside redis-cli --scan, which gives the bare names.
import { compare } from '../measure.js'
import { addJob, plant, startRedis } from '../redis.js'
import { figure, thousands, times } from '../report.js'

const KEYS = 500_000

export async function work(bench) {
  const redis = await startRedis(bench)
  if (redis === undefined) return []
  const count = bench.size(KEYS)
  await plant(redis.client, count, addJob)
  const runs = await compare(bench, {
    ours: `list-keys ${redis.location}`,
    ...(bench.has('redis-cli') && { cli: `redis-cli -p ${redis.port} --scan` }),
  })
  await redis.stop()
  const us = (run) => (run.cpuS / count) * 1e6
  return [
    {
      work: `list-keys, ${count.toLocaleString('en-US')} Redis keys with type and expiry`,
      ours: `${figure(us(runs.ours))} µs CPU a key, ${thousands(count / runs.ours.wallS)}`,
      theirs:
        runs.cli && `redis-cli --scan, names only ${figure(us(runs.cli))} µs, ${thousands(count / runs.cli.wallS)}`,
      ratio: runs.cli && times(us(runs.cli) / us(runs.ours)),
    },
  ]
}
