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
  let last = (await usageOf(pids)).ticks
  for (let stillSince = Date.now(); Date.now() - stillSince < STILL_MS; ) {
    await sleep(50)
    const { ticks, wantMore } = await usageOf(pids)
    // A runtime that only waits still uses a tick now and then.
    if (ticks > last + 1 || wantMore) stillSince = Date.now()
    last = ticks
  }
}

/** How much processor time they have had, and whether one waits for more, or for a disk, as on a busy machine it may for long. */
async function usageOf(pids: readonly number[]): Promise<{ ticks: number; wantMore: boolean }> {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  const fields = stats.map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '))
  return {
    ticks: fields.reduce((sum, all) => sum + Number(all[11] ?? 0) + Number(all[12] ?? 0), 0),
    wantMore: fields.some(([state]) => state === 'R' || state === 'D'),
  }
}
