// shard-keys beside split, awk and jq: one shard of eight out of a million records, and all of them in eight parts.
// split -n r/8 deals lines out in turn and knows no keys; awk and jq have no hash, so they sum the key's bytes or take its length.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { compare, measure } from '../measure.js'
import { figure, thousands, times } from '../report.js'

const RECORDS = 1_000_000
const LEAST_PER_SECOND = 500_000

const FILTERS = {
  'one shard of 8': 'shard-keys --index 3 --of 8 < records.ndjson > shard.ndjson',
  'one shard of 8 --by type': 'shard-keys --index 3 --of 8 --by type < records.ndjson > by.ndjson',
  'awk, lines in turn': `awk 'NR % 8 == 3' records.ndjson > awk.ndjson`,
  'jq, the length of the key': `jq -c 'select((.key | length) % 8 == 3)' records.ndjson > jq.ndjson`,
}
const PARTS = {
  '8 parts': 'shard-keys --parts 8 --out parts < records.ndjson',
  '8 parts --by type': 'shard-keys --parts 8 --by type --out parts < records.ndjson',
  'split -n r/8': 'mkdir parts && split -n r/8 -d --additional-suffix=.ndjson records.ndjson parts/part-',
}

export async function work(bench) {
  const count = bench.size(RECORDS)
  await measure(bench, `node ${import.meta.dirname}/../records.js ${count} > records.ndjson`)
  const filters = Object.fromEntries(
    Object.entries(FILTERS).filter(([, command]) => !command.startsWith('jq') || bench.has('jq')),
  )
  const filtered = await compare(bench, filters)
  const before = async () => rmSync(join(bench.directory, 'parts'), { recursive: true, force: true })
  const divided = await compare(bench, PARTS, { before })
  return [...rows(filtered, 'one shard of 8', count), ...rows(divided, '8 parts', count)]
}

/** Ours first, which have a mark. */
function rows(runs, first, count) {
  return Object.entries(runs).map(([name, { cpuS }]) => {
    if (!name.startsWith(first))
      return {
        work: '  the same records',
        ours: `${figure((runs[first].cpuS / count) * 1e6)} µs`,
        theirs: `${name} ${figure((cpuS / count) * 1e6)} µs`,
        ratio: times(cpuS / runs[first].cpuS),
      }
    const perSecond = count / cpuS
    const isMarked = name === 'one shard of 8'
    return {
      work: `shard-keys, ${name}, ${count.toLocaleString('en-US')} records`,
      ours: `${thousands(perSecond)} of CPU`,
      ...(isMarked && { mark: `≥ ${thousands(LEAST_PER_SECOND)}`, met: perSecond >= LEAST_PER_SECOND }),
    }
  })
}
