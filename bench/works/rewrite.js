// rewrite-keys beside jq and Miller: the same substitution on the same file, and the same new keys.
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { compare, measure } from '../measure.js'
import { figure, times } from '../report.js'

const RECORDS = 1_000_000
const LEAST_RATIO = 8
const MOST_US = 1.8

const OURS = "rewrite-keys --sub 's/^job:/step:/' < records.ndjson > ours.ndjson"
const THEIRS = {
  jq: `jq -c '.to = (.key | sub("^job:"; "step:"))' < records.ndjson > jq.ndjson`,
  mlr: `mlr --ijsonl --ojsonl put '$to = sub($key, "^job:", "step:")' < records.ndjson > mlr.ndjson`,
}

export async function work(bench) {
  const count = bench.size(RECORDS)
  await measure(bench, `node ${import.meta.dirname}/../records.js ${count} > records.ndjson`)
  const others = Object.entries(THEIRS).filter(([name]) => bench.has(name))
  const runs = await compare(bench, { ours: OURS, ...Object.fromEntries(others) })
  for (const [name] of others) {
    const same = await sameKeys(join(bench.directory, 'ours.ndjson'), join(bench.directory, `${name}.ndjson`))
    bench.say(`${name}: ${same === count ? 'the same new key for every record' : `only ${same} records agree`}`)
  }
  const ours = microseconds(runs.ours, count)
  return [
    {
      work: `rewrite-keys --sub, ${count.toLocaleString('en-US')} records of 143 bytes`,
      ours: `${figure(ours)} µs CPU a record`,
      mark: `≤ ${MOST_US} µs`,
      met: ours <= MOST_US,
    },
    ...others.map(([name]) => ({
      work: '  the same file, the same new keys',
      ours: `${figure(ours)} µs`,
      theirs: `${name} ${figure(microseconds(runs[name], count))} µs`,
      ratio: times(runs[name].cpuS / runs.ours.cpuS),
      mark: `≥ ${LEAST_RATIO}x`,
      met: runs[name].cpuS / runs.ours.cpuS >= LEAST_RATIO,
    })),
  ]
}

function microseconds({ cpuS }, count) {
  return (cpuS / count) * 1e6
}

/** How many lines of two files, read side by side, agree in `key` and `to`. */
async function sameKeys(path, otherPath) {
  const others = createInterface({ input: createReadStream(otherPath) })[Symbol.asyncIterator]()
  let same = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const other = await others.next()
    const [a, b] = [line, other.value ?? '{}'].map((text) => JSON.parse(text))
    if (a.key === b.key && a.to === b.to && a.to !== undefined) same++
  }
  return (await others.next()).done ? same : 0
}
