// Parts of 10,000 keys under run-parts, beside copy-apply alone on the same parts one after the other, with leases in a
// directory and in Redis: hashes of Redis, and small files. run-parts also reads every record, of the part and of the journal,
// to prove that each has one outcome; what a part costs beside its records, the lease foremost, is told by parts of one record.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compare, measure } from '../measure.js'
import { addJob, plant, removeMatching, startRedis } from '../redis.js'
import { figure } from '../report.js'

const PART = 10_000
const HASHES = 100_000
const FILES = 20_000
const SMALL_PARTS = 100
const MOST_PERCENT = 1

export async function work(bench) {
  const redis = await startRedis(bench)
  if (redis === undefined) return []
  const leases = { directory: '', Redis: `--lease ${redis.location}` }
  const small = await smallParts(bench, leases)
  const rows = []
  for (const world of [hashes(bench, redis), files(bench)]) rows.push(...(await parts(bench, world, leases, small)))
  await redis.stop()
  return rows
}

/** Of each kind of lease, what a part of one record costs: `{wallS, cpuS}`. */
async function smallParts(bench, leases) {
  const records = Array.from({ length: SMALL_PARTS }, (_, n) => `{"store":"file:/from/","key":"${n}","to":"x/${n}"}\n`)
  writeFileSync(join(bench.directory, 'small.ndjson'), records.join(''))
  await measure(bench, `shard-keys --parts ${SMALL_PARTS} --out small < small.ndjson`)
  const settle = `sed 's/}$/,"outcome":"done"}/'`
  const commands = {}
  for (const [name, flag] of Object.entries(leases)) {
    commands[name] = `run-parts fresh ${flag} -- ${settle} > done.ndjson`
    commands[`${name}, none left`] = `run-parts through ${flag} -- ${settle} > done.ndjson`
  }
  refresh(bench, 'small', 'through')
  await measure(bench, commands.directory.replace('fresh', 'through'))
  const runs = await compare(bench, commands, { before: async () => refresh(bench, 'small', 'fresh') })
  const each = (name, by) => (runs[name][by] - runs[`${name}, none left`][by]) / SMALL_PARTS
  return Object.fromEntries(
    Object.keys(leases).map((name) => [name, { wallS: each(name, 'wallS'), cpuS: each(name, 'cpuS') }]),
  )
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

async function parts(bench, { what, count, list, plant, clear }, leases, small) {
  await plant()
  const number = Math.round(count / PART)
  rmSync(join(bench.directory, 'parts'), { recursive: true, force: true })
  await measure(bench, `${list} | shard-keys --parts ${number} --out parts`)
  const commands = {
    alone: 'for part in fresh/part-*.ndjson; do copy-apply < $part > run.ndjson || exit; done',
  }
  for (const [name, flag] of Object.entries(leases))
    commands[name] = `run-parts fresh ${flag} -- copy-apply > done.ndjson`
  const before = async () => {
    await clear()
    refresh(bench, 'parts', 'fresh')
  }
  const { alone, ...leased } = await compare(bench, commands, { before })
  const more = (under, apart) => `${under < apart ? '' : '+'}${figure((under / apart - 1) * 100)} %`
  const rows = [
    {
      work: `copy-apply alone, ${number} parts of ${PART.toLocaleString('en-US')} ${what}`,
      ours: `${figure(alone.wallS / number)} s a part, ${figure(alone.cpuS / number)} s CPU`,
    },
  ]
  for (const [name, run] of Object.entries(leased)) {
    rows.push({
      work: `  under run-parts, leases in ${name === 'Redis' ? 'Redis' : 'the directory'}`,
      ours: `${figure(run.wallS / number)} s a part, ${figure(run.cpuS / number)} s CPU`,
      ratio: `${more(run.wallS, alone.wallS)}, CPU ${more(run.cpuS, alone.cpuS)}`,
    })
    const ms = small[name].wallS * 1000
    const share = (small[name].wallS / (alone.wallS / number)) * 100
    rows.push({
      work: '  of this the lease, with all that a part costs beside its records',
      ours: `${figure(ms)} ms, ${figure(small[name].cpuS * 1000)} ms CPU`,
      ratio: `${figure(share)} %`,
      mark: `≤ ${MOST_PERCENT} %`,
      met: share <= MOST_PERCENT,
    })
  }
  return rows
}

/** The parts as shard-keys has left them, apart what a run has made beside them. */
function refresh(bench, from, to) {
  rmSync(join(bench.directory, to), { recursive: true, force: true })
  cpSync(join(bench.directory, from), join(bench.directory, to), { recursive: true })
}
