// The highest resident memory of each tool (VmHWM) over many records, and over a tenth of them: what holds no keys must
// not grow, what holds them may grow by 16 bytes a key.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure } from '../measure.js'
import { plant, removeMatching, startRedis } from '../redis.js'
import { figure } from '../report.js'

const RECORDS = 10_000_000
const KEYS = 2_000_000
const BASE_MB = 128
const BYTES_A_KEY = 16

/** The tools, each beside the bytes that it may hold for each key. */
const PIPELINE = {
  'list-keys': BYTES_A_KEY,
  'rewrite-keys': BYTES_A_KEY,
  'copy-apply': 0,
  verify: 0,
}

export async function work(bench) {
  return [...(await rewriting(bench)), ...(await moving(bench))]
}

async function rewriting(bench) {
  const rows = []
  for (const count of [RECORDS / 10, RECORDS].map(bench.size)) {
    const command = `node ${import.meta.dirname}/../records.js ${count} | rewrite-keys --sub 's/^job:/step:/'`
    const peaks = await peaksOf(bench, command)
    rows.push(row('rewrite-keys', count, peaks['rewrite-keys'], BYTES_A_KEY))
  }
  return rows
}

async function moving(bench) {
  const redis = await startRedis(bench)
  if (redis === undefined) return []
  const rows = []
  for (const count of [KEYS / 10, KEYS].map(bench.size)) {
    await redis.client.flushall()
    await plant(redis.client, count, (pipeline, number) => pipeline.set(`job:${number}`, 'a'))
    const peaks = await peaksOf(
      bench,
      `list-keys ${redis.location} | rewrite-keys --sub 's/^job:/step:/' | copy-apply | verify`,
    )
    for (const [tool, bytes] of Object.entries(PIPELINE)) {
      if (tool !== 'rewrite-keys') rows.push(row(tool, count, peaks[tool], bytes))
    }
    await removeMatching(redis.client, 'step:*')
  }
  await redis.stop()
  return rows.toSorted((a, b) => a.work.localeCompare(b.work, 'en', { numeric: true }))
}

/** Peaks in MB, by tool. */
async function peaksOf(bench, command) {
  const file = join(bench.directory, 'peaks')
  rmSync(file, { force: true })
  await measure(bench, command, {
    env: { NODE_OPTIONS: `--require ${import.meta.dirname}/../peak.cjs`, PEAK_FILE: file },
  })
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([tool, kB]) => [tool, Number(kB) / 1024]))
}

function row(tool, count, peakMB, bytesAKey) {
  const mostMB = BASE_MB + (bytesAKey * count) / 1024 ** 2
  return {
    work: `${tool}, ${count.toLocaleString('en-US')} records`,
    ours: `${figure(peakMB)} MB at most`,
    mark: bytesAKey === 0 ? `≤ ${BASE_MB} MB` : `≤ ${Math.round(mostMB)} MB: ${BASE_MB} + ${bytesAKey} bytes a key`,
    met: peakMB <= mostMB,
  }
}
