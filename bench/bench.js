// Runs the works that are named, or all, one after the other, and prints one table. Everything it makes is in a
// temporary directory and on a redis-server of its own, and is gone when it ends.
// usage: bench.js [--quick] [NAME...]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { machineText, tableText } from './report.js'

const NAMES = [
  'rewrite',
  'subtract-keys',
  'shard-keys',
  'memory',
  'redis-copy',
  'redis-pipeline',
  'list-redis',
  'help',
  'list-files',
  'copy-files',
  's3-list',
  's3-copy',
  's3-verify',
  's3-ceph',
  'dynamodb',
  'leases',
]

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const named = words.filter((word) => word !== '--quick')
const unknown = named.find((name) => !NAMES.includes(name))
if (unknown !== undefined) {
  console.error(`bench: there is no work "${unknown}"; the works are ${NAMES.join(', ')}, and --quick takes a tenth`)
  process.exitCode = 2
} else {
  await run(named.length === 0 ? NAMES : named)
}

async function run(names) {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-bench-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
  const bench = {
    directory,
    /** a number of records, or a tenth of it */
    size: (count) => (quick ? Math.round(count / 10) : count),
    rounds: quick ? 1 : 3,
    has: (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0,
    say: (text) => console.error(`  ${text}`),
  }
  console.log(`${machineText()}${quick ? ', --quick: a tenth of the data, once' : ''}\n`)
  const rows = []
  for (const name of names) {
    console.error(`${name} ...`)
    const { work } = await import(`./works/${name}.js`)
    rows.push(...(await work(bench)))
  }
  console.log(tableText(rows))
  console.log(`\n${machineText()}`)
}
