/**
 * The names of the files that the file store makes for itself. They tell host and process, so that what a killed
 * process has left is recognised by the next run. No key can have such a name, and no listing gives one.
 */
import type { Surroundings } from '../open.ts'

/** Whose file it is. `startedMs` tells apart two processes that had one id, as those of containers often have. */
export interface Owner {
  readonly host: string
  readonly pid: number
  readonly startedMs: number
}

export interface OwnName extends Owner {
  /** `temporary`: content on its way · `places`: the directories that a run has written to */
  readonly kind: 'temporary' | 'places'
}

const PREFIX = { temporary: '.rekey.', places: '.rekey-places.' } as const
const PATTERN = /^\.rekey(-places)?\.(\d+)\.([0-9a-z]+)\.[0-9a-z]+\.([A-Za-z0-9._-]+)$/

/** The owner that this process is. */
export function ownerOf({ host, pid }: Surroundings['processName'], startedMs: number): Owner {
  return { host: host.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 100) || '_', pid, startedMs: Math.floor(startedMs) }
}

export function ownName(kind: OwnName['kind'], { host, pid, startedMs }: Owner, count: number): string {
  return `${PREFIX[kind]}${pid}.${startedMs.toString(36)}.${count.toString(36)}.${host}`
}

export function isOurName(name: string): boolean {
  return name.startsWith('.rekey') && PATTERN.test(name)
}

export function parseOwnName(name: string): OwnName | undefined {
  const [, places, pid, started, host] = PATTERN.exec(name) ?? []
  if (pid === undefined || started === undefined || host === undefined) return undefined
  const kind = places === undefined ? 'temporary' : 'places'
  return { kind, host, pid: Number(pid), startedMs: Number.parseInt(started, 36) }
}

/**
 * Whether nobody will finish this file: its process was one of this host and is dead, or had this process's id before
 * it. A file of another host is never an orphan, because nobody here can tell.
 */
export function isOrphan(name: OwnName, me: Owner, isAlive: (pid: number) => boolean): boolean {
  if (name.host !== me.host) return false
  return name.pid === me.pid ? name.startedMs !== me.startedMs : !isAlive(name.pid)
}
