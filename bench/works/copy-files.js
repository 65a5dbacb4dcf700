// copy-apply on small files, each made durable before it is told as done, beside cp followed by a sync of each file, and
// rsync where it is there. The disk decides about the time; the rows say both.
import { compare, measure } from '../measure.js'
import { figure, times } from '../report.js'

const FILES = 20_000

const THEIRS = {
  cp: 'cp -rp files there && find there -type f -print0 | xargs -0 sync',
  rsync: 'rsync -a --fsync files/ there/',
}

export async function work(bench) {
  const count = bench.size(FILES)
  await measure(bench, `node ${import.meta.dirname}/../files.js files ${count}`)
  await measure(bench, "list-keys files | rewrite-keys --sub 's/^/new-/' --to-store there > plan.ndjson")
  const others = Object.entries(THEIRS).filter(([name]) => bench.has(name))
  const runs = await compare(
    bench,
    { ours: 'mkdir there && copy-apply < plan.ndjson > run.ndjson', ...Object.fromEntries(others) },
    { before: async () => void (await measure(bench, 'rm -rf there && sync -f files')) },
  )
  await measure(bench, 'rm -rf files there')
  const us = (run) => (run.cpuS / count) * 1e6
  return others.map(([name]) => ({
    work: `copy-apply, ${count.toLocaleString('en-US')} small files, each synced`,
    ours: `${figure(us(runs.ours))} µs CPU a file, ${figure(runs.ours.wallS)} s`,
    theirs: `${name} ${figure(us(runs[name]))} µs, ${figure(runs[name].wallS)} s`,
    ratio: times(runs[name].cpuS / runs.ours.cpuS),
  }))
}
