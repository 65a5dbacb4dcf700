/** What the kernel knows of running processes, for tests on memory and signals. Linux only. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** The most memory that the process has held so far, in MB; 0 once it is gone. */
export async function peakMemoryMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

/** The processes that this one has started, with their command lines. */
export async function childrenOf(pid: number): Promise<readonly { readonly pid: number; readonly command: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (child) => {
      const stat = await readFile(`/proc/${child}/stat`, 'utf8').catch(() => '')
      const parent = Number(/\) \S (\d+) /.exec(stat)?.[1])
      const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')
      return parent === pid ? [{ pid: child, command: command.replaceAll('\0', ' ').trim() }] : []
    }),
  )
  return found.flat()
}

/** Resolves when the processes have used no processor time for a while: each waits for another, or for the test. */
export async function standstill(pids: readonly number[]): Promise<void> {
  const STILL_MS = 500
  let last = await ticksOf(pids)
  for (let stillSince = Date.now(); Date.now() - stillSince < STILL_MS; ) {
    await sleep(50)
    const ticks = await ticksOf(pids)
    // A runtime that only waits still uses a tick now and then.
    if (ticks > last + 1) stillSince = Date.now()
    last = ticks
  }
}

async function ticksOf(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  return stats.reduce((sum, stat) => {
    const [user = '0', system = '0'] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    return sum + Number(user) + Number(system)
  }, 0)
}
