// What a shell command costs: CPU seconds of all its processes, user and system, and seconds on the wall. CPU is told
// by bash's own `time`, which is everywhere and counts every process that was waited for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const SCRIPT = 'set -o pipefail; TIMEFORMAT="%R %U %S"; time { eval "$1"; } 2>"$2"'

/**
 * Runs the command to its end: `{wallS, cpuS, stderr}`. Throws when it fails, with what it has said; `mayFail` lets exit
 * code 1 pass, which says that some records are bad.
 */
export async function measure(bench, command, { env = {}, mayFail = false } = {}) {
  const errors = join(bench.directory, 'stderr')
  const child = spawn('bash', ['-c', SCRIPT, 'bash', command, errors], {
    cwd: bench.directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const printed = child.stderr.setEncoding('utf8').toArray()
  const [code] = await once(child, 'close')
  const stderr = readFileSync(errors, 'utf8')
  if (code !== 0 && !(mayFail && code === 1)) throw new Error(`exit code ${code} of: ${command}\n${stderr}`)
  const [wallS, user, system] = (await printed).join('').trim().split(' ').map(Number)
  return { wallS, cpuS: user + system, stderr }
}

/**
 * Measures several commands turn by turn, so that what the machine does meanwhile strikes all of them, and each round in
 * another order, so that none profits from its place. `commands` is by name; gives by name the run whose CPU time, or
 * what else `by` names, is the median. `before` makes ready for each run, and is not measured.
 */
export async function compare(bench, commands, options = {}) {
  const { before = async () => {}, rounds = bench.rounds, env = {}, by = 'cpuS' } = options
  const names = Object.keys(commands)
  const runs = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + round) % names.length]
      await before(name)
      runs[name].push(await measure(bench, commands[name], { env }))
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(runs[name], by)]))
}

function median(runs, by) {
  return runs.toSorted((a, b) => a[by] - b[by])[Math.floor(runs.length / 2)]
}
