/** Gives a file the mode, the time and the owner of another. */
import { fchmodSync, fchownSync, fstatSync, futimesSync } from 'node:fs'

/** What of the source a file is to have; what is absent stays as it is. */
export interface Attributes {
  readonly mode?: number
  readonly mtimeMs?: number
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** set-user-id and set-group-id */
export const SET_ID_BITS = 0o6000

/**
 * Gives the names of those that could not be kept. A file that changes hands does not keep the bits that would lend
 * its new owner's rights to whoever runs it.
 */
export function keepAttributes(file: number, { mode, mtimeMs, owner }: Attributes): string[] {
  const lost: string[] = []
  const attempt = (name: string, act: () => void) => {
    try {
      act()
    } catch {
      lost.push(name)
    }
  }
  const now = owner === undefined ? undefined : fstatSync(file)
  if (owner !== undefined && (now?.uid !== owner.uid || now.gid !== owner.gid)) {
    attempt('owner', () => fchownSync(file, owner.uid, owner.gid))
  }
  if (mode !== undefined) {
    const kept = owner === undefined || lost.length > 0 ? mode & ~SET_ID_BITS : mode
    attempt('mode', () => fchmodSync(file, kept))
    if (kept !== mode && !lost.includes('mode')) lost.push('mode')
  }
  if (mtimeMs !== undefined) {
    // As text: a number below zero is the present time to Node.
    const seconds = String(timeInSeconds(mtimeMs))
    attempt('mtime', () => futimesSync(file, seconds, seconds))
  }
  return lost
}

/**
 * A time as futimes takes it. A double of seconds since 1970 is good to a quarter of a microsecond, and what falls
 * short of a whole millisecond would be read back as the one before: so it is kept a microsecond off either edge.
 */
export function timeInSeconds(mtimeMs: number): number {
  const wholeMs = Math.floor(mtimeMs)
  return (wholeMs + Math.min(Math.max(mtimeMs - wholeMs, 0.001), 0.998)) / 1000
}
