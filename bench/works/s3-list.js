// list-keys on S3: client CPU alone, on one core, beside other clients, and a flat prefix of a million keys on a server
// that is 50 ms away, where it is latency that decides. The server is a stand-in on the other core.
import { compare, measure } from '../measure.js'
import { cpuRows, thousands, times } from '../report.js'
import { CLIENT, environment, others, startListing } from '../s3.js'

const KEYS = 500_000
const MOST_US = 5
const LATENCY_MS = 50
const FAR_KEYS = 1_000_000
/** Fewer than these, and what is measured is how the listing finds its ranges. */
const LEAST_FAR_KEYS = 500_000
const LEAST_KEYS_A_SECOND = 100_000
/** Fewer than these, and what is measured is the start of node. */
const LEAST_KEYS = 200_000
/** what part of the keys each gets, and how many times our CPU it must take at the least */
const THEIRS = {
  rclone: {
    part: 1,
    mark: 4,
    list: (rclone, at) => `${rclone} lsf -R --files-only --format pst --use-server-modtime s3:${at}`,
  },
  aws: { part: 5, list: (aws, at) => `${aws} s3 ls --recursive s3://${at}/` },
  s3cmd: { part: 5, list: (s3cmd, at) => `${s3cmd} ls --recursive s3://${at}/` },
  s5cmd: { part: 1, list: (s5cmd, at) => `${s5cmd} ls 's3://${at}/*'` },
}

export async function work(bench) {
  return [...(await near(bench)), ...(await far(bench))]
}

async function near(bench) {
  const server = await startListing()
  const env = environment(server.access)
  const count = Math.max(bench.size(KEYS), LEAST_KEYS)
  const counts = { ours: count }
  const commands = { ours: `${CLIENT} list-keys s3://before-${count}/from/ > listed` }
  const clients = others(bench, server.access)
  for (const [name, command] of Object.entries(clients)) {
    const { part, list } = THEIRS[name]
    counts[name] = Math.round(count / part)
    commands[name] = `${CLIENT} ${list(command, `before-${counts[name]}/from`)} > listed`
  }
  const runs = await compare(bench, commands, { env })
  await server.stop()
  return cpuRows({
    work: `list-keys on S3, ${count.toLocaleString('en-US')} keys, a stand-in as server, one core`,
    beside: (keys) => `${keys} keys, with size and time`,
    piece: 'a key',
    most: MOST_US,
    theirs: THEIRS,
    runs,
    counts,
  })
}

async function far(bench) {
  const server = await startListing({ latencyMs: LATENCY_MS })
  const env = environment(server.access)
  const count = Math.max(bench.size(FAR_KEYS), LEAST_FAR_KEYS)
  const clients = others(bench, server.access)
  const listed = (name, at) => `${THEIRS[name].list(clients[name], at)} > listed`
  const ours = await measure(bench, `list-keys s3://before-${count}/from/ > listed`, { env })
  const { requests, mostInFlight } = await server.count()
  const lines = await measure(bench, 'sort -u listed | wc -l >&2')
  const keys = Number(lines.stderr)
  // One listing after the other waits for each page; a part of the keys tells as much.
  const part = Math.round(count / 10)
  const rclone = clients.rclone && (await measure(bench, listed('rclone', `before-${part}/from`), { env }))
  await server.stop()
  return [
    {
      work: `list-keys, one flat prefix of ${count.toLocaleString('en-US')} keys, ${LATENCY_MS} ms away`,
      ours: `${thousands(count / ours.wallS)}, ${requests} requests, ${mostInFlight} at once, ${keys === count ? 'each key once' : `${keys} KEYS`}`,
      theirs: rclone && `rclone ${thousands(part / rclone.wallS)}`,
      ratio: rclone && times(count / ours.wallS / (part / rclone.wallS)),
      mark: `≥ ${thousands(LEAST_KEYS_A_SECOND)}`,
      met: count / ours.wallS >= LEAST_KEYS_A_SECOND && keys === count,
    },
  ]
}
