/** Split plans for tests: parts of numbered keys in a directory, and what became of them. */
import { createHash } from 'node:crypto'
import { readdir, readFile, utimes } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { directoryWith } from '../../directory.ts'

export const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))

/** `k1-1` and so on: the keys of one part, as records that copy-apply takes. */
export function partOf(nth: number, keys: number, store = 'file:/nowhere/'): string {
  const lines = Array.from({ length: keys }, (_, at) =>
    JSON.stringify({ store, key: `k${nth}-${at + 1}`, to: `new/k${nth}-${at + 1}` }),
  )
  return `${lines.join('\n')}\n`
}

export function partName(nth: number): string {
  return `part-${String(nth).padStart(4, '0')}`
}

/** A directory with so many parts of so many keys, below `parts/`, and the log and the gate of the worker beside it. */
export async function plantParts(parts: number, keys: number) {
  const files = Array.from({ length: parts }, (_, at) => [`parts/${partName(at + 1)}.ndjson`, partOf(at + 1, keys)])
  const directory = await directoryWith({ ...Object.fromEntries(files), log: '' })
  const [log, gate] = [`${directory}/log`, `${directory}/gate`]
  return {
    directory,
    parts: `${directory}/parts`,
    log,
    gate,
    /** stops after `count` records until the gate is there */
    worker: (count: number) => ['node', WORKER, log, gate, String(count)],
  }
}

export function manifestOf(parts: Readonly<Record<string, string>>): string {
  const list = Object.entries(parts).map(([name, content]) => ({
    name: `${name}.ndjson`,
    count: content.split('\n').length - 1,
    sha256: createHash('sha256').update(content).digest('hex'),
  }))
  return JSON.stringify({ parts: list })
}

/** Makes the lease of a part in a directory an hour old, as if nobody had renewed it since: it may be taken over at once. */
export async function ageLease(parts: string, part: string): Promise<void> {
  const directory = `${parts}/leases/${part}.lease`
  const hourAgo = new Date(Date.now() - 3_600_000)
  for (const name of await readdir(directory)) await utimes(`${directory}/${name}`, hourAgo, hourAgo)
}

/** Resolves when it holds; looks often. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10)
}

/** What the workers have noted: token and key of each record that one has dealt with, in order. */
export async function notedIn(
  log: string,
): Promise<readonly { readonly token: number; readonly key: string; pid: number }[]> {
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => {
    const [token, key = '', pid] = line.split(' ')
    return { token: Number(token), key, pid: Number(pid) }
  })
}
