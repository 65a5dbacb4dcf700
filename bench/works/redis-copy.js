// copy-apply on hashes of about 300 bytes, from a plan that is ready, beside a script that awaits each key. The script
// gets a twenty-fifth of the keys, because it is slow; figures are by the key.
import { compare, measure } from '../measure.js'
import { addJob, plant, removeMatching, startRedis } from '../redis.js'
import { figure, thousands, times } from '../report.js'

const KEYS = 500_000
const SCRIPT_SHARE = 25
const LEAST_KEYS_A_SECOND = 80_000

export async function work(bench) {
  const redis = await startRedis(bench)
  if (redis === undefined) return []
  const { client, location, port } = redis
  const counts = { ours: bench.size(KEYS), script: Math.round(bench.size(KEYS) / SCRIPT_SHARE) }
  await plant(client, counts.ours, addJob)
  const bytes = await client.memory('USAGE', await client.randomkey())
  bench.say(`${counts.ours} hashes, each about ${bytes} bytes in the server's memory`)
  await measure(bench, `list-keys ${location} | rewrite-keys --sub 's/^job:/step:/' > plan.ndjson`)
  await measure(bench, `head -n ${counts.script} plan.ndjson | jq -r .key > keys`)
  const serverCpuS = {}
  let startedBy
  const account = async (next) => {
    const now = await redis.cpuS()
    if (startedBy !== undefined) serverCpuS[startedBy.name] = now - startedBy.cpuS
    startedBy = undefined
    await removeMatching(client, 'step:*')
    startedBy = { name: next, cpuS: await redis.cpuS() }
  }
  const commands = {
    ours: 'copy-apply < plan.ndjson > run.ndjson',
    script: `node ${import.meta.dirname}/../await-per-key.js ${port} < keys`,
  }
  const runs = await compare(bench, commands, { before: account })
  await account(undefined)
  await redis.stop()
  const perKey = (name) => ({
    us: (runs[name].cpuS / counts[name]) * 1e6,
    serverUs: (serverCpuS[name] / counts[name]) * 1e6,
    perSecond: counts[name] / runs[name].wallS,
  })
  const [ours, script] = [perKey('ours'), perKey('script')]
  return [
    {
      work: `copy-apply, ${counts.ours.toLocaleString('en-US')} Redis hashes, wall clock`,
      ours: thousands(ours.perSecond),
      theirs: `a script that awaits each key ${thousands(script.perSecond)}`,
      ratio: times(ours.perSecond / script.perSecond),
      mark: `≥ ${thousands(LEAST_KEYS_A_SECOND)}`,
      met: ours.perSecond >= LEAST_KEYS_A_SECOND,
    },
    {
      work: '  CPU of the client',
      ours: `${figure(ours.us)} µs a key`,
      theirs: `${figure(script.us)} µs`,
      ratio: times(script.us / ours.us),
    },
    {
      work: '  CPU of the server',
      ours: `${figure(ours.serverUs)} µs a key`,
      theirs: `${figure(script.serverUs)} µs`,
      ratio: times(script.serverUs / ours.serverUs),
    },
  ]
}
