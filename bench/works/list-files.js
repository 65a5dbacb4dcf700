// list-keys on a directory beside find, which prints the same of each file, and rclone where it is there.
import { compare, measure } from '../measure.js'
import { figure, times } from '../report.js'

const FILES = 200_000

const THEIRS = {
  find: "find files -type f -printf '%P\\t%s\\t%T@\\t%m\\n'",
  rclone: 'rclone lsf -R --files-only --format pst files',
}

export async function work(bench) {
  const count = bench.size(FILES)
  await measure(bench, `node ${import.meta.dirname}/../files.js files ${count}`)
  const others = Object.entries(THEIRS).filter(([name]) => bench.has(name))
  // Read once before, so that nobody has to wait for the disk.
  await measure(bench, THEIRS.find)
  const runs = await compare(bench, { ours: 'list-keys files', ...Object.fromEntries(others) })
  await measure(bench, 'rm -rf files')
  const us = (run) => (run.cpuS / count) * 1e6
  return others.map(([name]) => ({
    work: `list-keys, ${count.toLocaleString('en-US')} files with size, mtime and mode`,
    ours: `${figure(us(runs.ours))} µs CPU a file, ${figure(runs.ours.wallS)} s`,
    theirs: `${name} ${figure(us(runs[name]))} µs, ${figure(runs[name].wallS)} s`,
    ratio: times(runs[name].cpuS / runs.ours.cpuS),
  }))
}
