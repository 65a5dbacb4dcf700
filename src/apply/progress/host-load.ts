/** How busy this host is. Holds the times of its processors at the last look. */
import { cpus, freemem, totalmem } from 'node:os'
import type { Load } from './row.ts'

interface Times {
  readonly busy: number
  readonly all: number
}

export class HostLoad {
  #last: Times = timesNow()

  /** Percent with one decimal; of the processors since the last look. */
  now(): Load {
    const times = timesNow()
    const load = { cpu: busyPercent(this.#last, times), mem: percent(totalmem() - freemem(), totalmem()) }
    this.#last = times
    return load
  }
}

export function busyPercent(before: Times, after: Times): number {
  return percent(after.busy - before.busy, after.all - before.all)
}

function percent(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.round((1000 * part) / whole) / 10
}

function timesNow(): Times {
  let [busy, all] = [0, 0]
  for (const { times } of cpus()) {
    const sum = Object.values(times).reduce((total, ms) => total + ms, 0)
    all += sum
    busy += sum - times.idle
  }
  return { busy, all }
}
