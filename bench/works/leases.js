// Parts of 10,000 keys under run-parts, beside xargs, which runs the same copy-apply on the same parts without leases: hashes
// of Redis, and small files. Told apart are what a lease costs, claimed and given back; what run-parts costs a part beyond the
// process that xargs starts too (the lease, the process, the files of journal and witness), measured on parts of one record; and
// what it costs a record: it hands each on and holds journal against part, to prove that each has one outcome, which xargs
// does not.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { compare, measure } from '../measure.js'
import { addJob, plant, removeMatching, startRedis } from '../redis.js'
import { figure } from '../report.js'

const PART = 10_000
const HASHES = 100_000
const FILES = 20_000
const SMALL_PARTS = 100
const LEASES = 500
const MOST_PERCENT = 1

export async function work(bench) {
  const redis = await startRedis(bench)
  if (redis === undefined) return []
  const leases = { directory: '', Redis: `--lease ${redis.location}` }
  // Before anything is deleted: for minutes after that, ext4 without a journal looks for an inode that is not just free again,
  // which takes more than all the rest of a lease.
  const alone = await leasesAlone(bench, { directory: 'leases', Redis: redis.location })
  const small = await smallParts(bench, leases)
  const rows = []
  for (const world of [hashes(bench, redis), files(bench)])
    rows.push(...(await parts(bench, world, leases, { small, alone })))
  await redis.stop()
  return rows
}

/**
 * Of each kind of lease, what a part of one record costs more under run-parts than under xargs, and what a run of run-parts
 * costs by itself: `{wallS, cpuS, startCpuS}`.
 */
async function smallParts(bench, leases) {
  const records = Array.from({ length: SMALL_PARTS }, (_, n) => `{"store":"file:/from/","key":"${n}","to":"x/${n}"}\n`)
  writeFileSync(join(bench.directory, 'small.ndjson'), records.join(''))
  await measure(bench, `shard-keys --parts ${SMALL_PARTS} --out small < small.ndjson`)
  const settle = `sed 's/}$/,"outcome":"done"}/'`
  const commands = { xargs: underXargs(settle) }
  for (const [name, flag] of Object.entries(leases)) {
    commands[name] = `run-parts fresh ${flag} -- ${settle} > done.ndjson`
    commands[`${name}, none left`] = commands[name].replace('fresh', `through-${name}`)
    refresh(bench, 'small', `through-${name}`)
    await measure(bench, commands[`${name}, none left`])
  }
  const runs = await compare(bench, commands, { before: async () => refresh(bench, 'small', 'fresh') })
  const each = (name, by) => (runs[name][by] - runs[`${name}, none left`][by] - runs.xargs[by]) / SMALL_PARTS
  const costOf = (name) => ({
    wallS: each(name, 'wallS'),
    cpuS: each(name, 'cpuS'),
    startCpuS: runs[`${name}, none left`].cpuS,
  })
  return Object.fromEntries(Object.keys(leases).map((name) => [name, costOf(name)]))
}

/** CPU seconds of one lease of each kind, claimed and given back, without those of the process. */
async function leasesAlone(bench, locations) {
  await build({
    entryPoints: [`${import.meta.dirname}/../lease-cycle.js`],
    outdir: join(bench.directory, 'bundled'),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  })
  const commands = {}
  for (const [name, location] of Object.entries(locations)) {
    commands[name] = `node bundled/lease-cycle.mjs ${location} ${LEASES}`
    commands[`${name}, none`] = `node bundled/lease-cycle.mjs ${location} 0`
  }
  const runs = await compare(bench, commands)
  const each = (name) => (runs[name].cpuS - runs[`${name}, none`].cpuS) / LEASES
  return Object.fromEntries(Object.keys(locations).map((name) => [name, each(name)]))
}

/** The command on each part, one after the other, as who has no leases runs it. */
function underXargs(command) {
  return `printf '%s\\n' fresh/part-*.ndjson | xargs -n 1 sh -c '${command.replaceAll("'", `'"'"'`)} < "$0" > "$0.run"'`
}

function hashes(bench, { client, location }) {
  const count = Math.max(bench.size(HASHES), 3 * PART)
  return {
    what: 'Redis hashes',
    count,
    list: `list-keys ${location} --match 'job:*' | rewrite-keys --sub 's/^job:/step:/'`,
    plant: () => plant(client, count, addJob),
    clear: () => removeMatching(client, 'step:*'),
  }
}

function files(bench) {
  const count = bench.size(FILES) < FILES ? PART : FILES
  return {
    what: 'files',
    count,
    list: `list-keys data | rewrite-keys --sub 's|^from/|to/|'`,
    plant: () => {
      mkdirSync(join(bench.directory, 'data/from'), { recursive: true })
      for (let n = 0; n < count; n++) writeFileSync(join(bench.directory, `data/from/${n}.json`), `{"n":${n}}\n`)
    },
    clear: () => rmSync(join(bench.directory, 'data/to'), { recursive: true, force: true }),
  }
}

async function parts(bench, { what, count, list, plant, clear }, leases, { small, alone }) {
  await plant()
  const number = Math.round(count / PART)
  rmSync(join(bench.directory, 'parts'), { recursive: true, force: true })
  await measure(bench, `${list} | shard-keys --parts ${number} --out parts`)
  const commands = { xargs: underXargs('copy-apply') }
  for (const [name, flag] of Object.entries(leases))
    commands[name] = `run-parts fresh ${flag} -- copy-apply > done.ndjson`
  const before = async () => {
    await clear()
    refresh(bench, 'parts', 'fresh')
  }
  const { xargs, ...leased } = await compare(bench, commands, { before })
  const rows = [
    {
      work: `copy-apply under xargs, ${number} parts of ${PART.toLocaleString('en-US')} ${what}`,
      ours: `${figure(xargs.wallS / number)} s a part, ${figure(xargs.cpuS / number)} s CPU`,
    },
  ]
  for (const [name, run] of Object.entries(leased)) {
    const { wallS, cpuS, startCpuS } = small[name]
    const shareOf = (oneS) => (oneS / (xargs.cpuS / number)) * 100
    const proofS = (run.cpuS - xargs.cpuS - startCpuS) / number - cpuS
    rows.push(
      {
        work: `  under run-parts, leases in ${name === 'Redis' ? 'Redis' : 'the directory'}`,
        ours: `${figure(run.wallS / number)} s a part, ${figure(run.cpuS / number)} s CPU`,
        ratio: `CPU ${figure((run.cpuS / xargs.cpuS - 1) * 100)} % more`,
      },
      {
        work: '  of this the lease',
        ours: `${figure(alone[name] * 1000)} ms CPU`,
        ratio: `CPU ${figure(shareOf(alone[name]))} %`,
        mark: `≤ ${MOST_PERCENT} %`,
        met: shareOf(alone[name]) <= MOST_PERCENT,
      },
      {
        work: '  of this lease, process, journal and witness',
        ours: `${figure(cpuS * 1000)} ms CPU, ${figure(wallS * 1000)} ms`,
        ratio: `CPU ${figure(shareOf(cpuS))} %`,
      },
      {
        work: '  of this the records, handed on and accounted for',
        ours: `${figure((proofS / PART) * 1e6)} µs CPU a record`,
      },
    )
  }
  return rows
}

/** The parts as shard-keys has left them, apart what a run has made beside them. */
function refresh(bench, from, to) {
  rmSync(join(bench.directory, to), { recursive: true, force: true })
  cpSync(join(bench.directory, from), join(bench.directory, to), { recursive: true })
}
