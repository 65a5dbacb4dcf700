// subtract-keys beside comm, grep, awk and jq: a million records, of which every second one is done. comm and grep compare
// whole lines, so they see only what is the same to the letter; awk and jq compare keys, as we do.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, measure } from '../measure.js'
import { figure, thousands, times } from '../report.js'

const RECORDS = 1_000_000
/** grep -F reads its patterns into a tree that grows beyond all measure, so it gets a part. */
const GREP_RECORDS = 200_000
const LEAST_PER_SECOND = 500_000

const OURS = {
  'by fingerprints': 'subtract-keys --done done.ndjson < records.ndjson > ours.ndjson',
  'by merge': 'subtract-keys --sorted --done done.ndjson < records.ndjson > merged.ndjson',
}
const THEIRS = {
  'comm -23, whole lines': 'LC_ALL=C comm -23 records.ndjson done.ndjson > comm.ndjson',
  'awk, by key': `awk -F '"key":"' '{split($2, key, "\\"")} NR == FNR {done[key[1]]; next} !(key[1] in done)' done.ndjson records.ndjson > awk.ndjson`,
  'jq, by key': `jq -c --slurpfile done done.ndjson -n '($done | map({(.key): true}) | add // {}) as $keys | inputs | select($keys[.key] | not)' small.ndjson > jq.ndjson`,
}
const GREP = 'LC_ALL=C grep -vxFf small-done.ndjson small.ndjson > grep.ndjson'
/** jq adds the objects of all done keys one by one, in quadratic time. */
const JQ_RECORDS = 2_000

export async function work(bench) {
  const count = bench.size(RECORDS)
  const grepCount = bench.size(GREP_RECORDS)
  const jqCount = bench.size(JQ_RECORDS)
  await measure(bench, `node ${import.meta.dirname}/../records.js ${count} > records.ndjson`)
  await measure(bench, `awk 'NR % 2 == 0' records.ndjson > done.ndjson`)
  const { [Object.keys(THEIRS)[2]]: jq, ...others } = THEIRS
  const runs = await compare(bench, { ...OURS, ...others })
  for (const name of ['merged', 'comm', 'awk']) await same(bench, 'ours.ndjson', `${name}.ndjson`)
  await measure(
    bench,
    `head -n ${grepCount} records.ndjson > small.ndjson; awk 'NR % 2 == 0' small.ndjson > small-done.ndjson`,
  )
  const grep = await measure(bench, GREP)
  await measure(
    bench,
    `head -n ${jqCount} records.ndjson > small.ndjson; awk 'NR % 2 == 0' small.ndjson > small-done.ndjson`,
  )
  const jqRun = bench.has('jq')
    ? await measure(bench, jq.replace('done done.ndjson', 'done small-done.ndjson'))
    : undefined
  const perRecord = {
    ...Object.fromEntries(Object.keys(others).map((name) => [name, runs[name].cpuS / count])),
    [`grep -vxFf, whole lines, ${grepCount.toLocaleString('en-US')}`]: grep.cpuS / grepCount,
    ...(jqRun && { [`jq, by key, ${jqCount.toLocaleString('en-US')}`]: jqRun.cpuS / jqCount }),
  }
  const ours = runs['by fingerprints'].cpuS / count
  return [
    ...Object.keys(OURS).map((name) =>
      rateRow(`subtract-keys ${name}, ${count.toLocaleString('en-US')} records`, count / runs[name].cpuS),
    ),
    ...Object.entries(perRecord).map(([name, cpuS]) => ({
      work: '  the same records',
      ours: `${figure(ours * 1e6)} µs`,
      theirs: `${name} ${figure(cpuS * 1e6)} µs`,
      ratio: times(cpuS / ours),
    })),
  ]
}

function rateRow(work, perSecond) {
  return {
    work,
    ours: `${thousands(perSecond)} of CPU`,
    mark: `≥ ${thousands(LEAST_PER_SECOND)}`,
    met: perSecond >= LEAST_PER_SECOND,
  }
}

async function same(bench, one, other) {
  const isSame = readFileSync(join(bench.directory, one)).equals(readFileSync(join(bench.directory, other)))
  bench.say(`${other}: ${isSame ? 'the same lines are left' : 'OTHER lines are left'}`)
}
