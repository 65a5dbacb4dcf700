// verify on S3 where the destination can be listed, on one core, the server a stand-in on the other, beside rclone check,
// which lists both sides.
import { compare, measure } from '../measure.js'
import { figure, thousands, times } from '../report.js'
import { CLIENT, environment, others, startListing } from '../s3.js'

const KEYS = 500_000
/** Fewer than these, and what is measured is the start of node. */
const LEAST_KEYS = 200_000
const MOST_US = 8
const LEAST_KEYS_A_REQUEST = 500

export async function work(bench) {
  const server = await startListing()
  const env = environment(server.access)
  const count = Math.max(bench.size(KEYS), LEAST_KEYS)
  const bucket = `after-${count}`
  await measure(
    bench,
    `list-keys s3://${bucket}/from/ | jq -c '.to = (.key | sub("^from"; "to")) | .outcome = "done"' > run.ndjson`,
    { env },
  )
  const { rclone } = others(bench, server.access)
  const commands = {
    ours: `${CLIENT} verify < run.ndjson > proven.ndjson`,
    ...(rclone && { rclone: `${CLIENT} ${rclone} check --one-way s3:${bucket}/from s3:${bucket}/to` }),
  }
  await server.count()
  const alone = await measure(bench, commands.ours, { env, mayFail: true })
  const { requests } = await server.count()
  const runs = await compare(bench, commands, { env })
  await server.stop()
  const us = (name) => (runs[name].cpuS / count) * 1e6
  const verified = Number(/([\d,]+) verified/.exec(alone.stderr)?.[1]?.replaceAll(',', '') ?? 0)
  return [
    {
      work: `verify on S3, ${count.toLocaleString('en-US')} copies, a stand-in as server, one core`,
      ours: `${figure(us('ours'))} µs CPU a key, ${thousands(count / runs.ours.wallS)}, ${verified === count ? 'all' : verified} verified`,
      theirs: rclone && `rclone check ${figure(us('rclone'))} µs`,
      ratio: rclone && times(us('rclone') / us('ours')),
      mark: `≤ ${MOST_US} µs`,
      met: us('ours') <= MOST_US && verified === count,
    },
    {
      work: '  requests',
      ours: `${requests}, one for ${figure(count / requests)} keys`,
      mark: `≥ ${LEAST_KEYS_A_REQUEST} keys`,
      met: count / requests >= LEAST_KEYS_A_REQUEST,
    },
  ]
}
