// copy-apply inside S3, from a plan that is ready, beside clients that list and copy: client CPU alone, on one core, the
// server a stand-in on the other. Slow ones get a part of the objects; figures are by the object.
import { compare, measure } from '../measure.js'
import { cpuRows, figure, times } from '../report.js'
import { CLIENT, environment, others, startStub } from '../s3.js'

const OBJECTS = 200_000
const MOST_US = 45
/** Fewer than these, and what is measured is the start of node. */
const LEAST_OBJECTS = 100_000
/** how many objects each gets, and how many times our CPU it must take at the least */
const THEIRS = {
  rclone: {
    count: 20_000,
    mark: 8,
    copy: (rclone, from, to) => `${rclone} copy --transfers 32 --checkers 32 s3:${from} s3:${to}`,
  },
  aws: {
    count: 2_000,
    mark: 50,
    copy: (aws, from, to) => `${aws} s3 cp --recursive --quiet s3://${from}/ s3://${to}/`,
  },
  // it takes the square of what it is given
  s3cmd: { count: 200, copy: (s3cmd, from, to) => `${s3cmd} cp --recursive --quiet s3://${from}/ s3://${to}/` },
  s5cmd: { count: 20_000, copy: (s5cmd, from, to) => `${s5cmd} --log error cp 's3://${from}/*' s3://${to}/` },
}

export async function work(bench) {
  const stub = await startStub(bench)
  if (stub === undefined) return []
  const env = environment(stub.access)
  const count = Math.max(bench.size(OBJECTS), LEAST_OBJECTS)
  const planned = `list-keys s3://before-${count}/from/ | rewrite-keys --sub 's/^from/to/'`
  await measure(bench, `${planned} > plan.ndjson`, { env })
  const counts = { ours: count, pipe: count }
  const commands = {
    ours: `${CLIENT} copy-apply < plan.ndjson > run.ndjson`,
    pipe: `${CLIENT} bash -c "${planned} | copy-apply > run.ndjson"`,
  }
  const clients = others(bench, stub.access)
  for (const [name, command] of Object.entries(clients)) {
    const { count: theirs, copy } = THEIRS[name]
    counts[name] = theirs
    commands[name] = `${CLIENT} ${copy(command, `blind-${counts[name]}/from`, `blind-${counts[name]}/to`)}`
  }
  const runs = await compare(bench, commands, { env })
  await stub.stop()
  const us = (name) => (runs[name].cpuS / counts[name]) * 1e6
  return [
    ...cpuRows({
      work: `copy-apply inside S3, ${count.toLocaleString('en-US')} objects, a stand-in as server, one core`,
      beside: (objects) => `${objects} listed and copied`,
      piece: 'an object',
      most: MOST_US,
      theirs: THEIRS,
      runs,
      counts,
    }),
    {
      work: '  listed, rewritten and copied by us too',
      ours: `${figure(us('pipe'))} µs`,
      theirs: runs.rclone && `rclone ${figure(us('rclone'))} µs`,
      ratio: runs.rclone && times(us('rclone') / us('pipe')),
    },
  ]
}
