/** What a look at a path tells. Links are never followed. */
import type { Stats } from 'node:fs'
import { lstatSync } from 'node:fs'
import type { Key } from '../../record/key.ts'
import type { Entry } from '../contract.ts'
import type { Path } from './key-path.ts'

export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'device'

/** Undefined where there is nothing. Throws what the operating system says. */
export function lookAt(path: Path): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

export function entryOf(key: Key, stats: Stats): Entry {
  return {
    key,
    sizeBytes: stats.size,
    mtimeMs: Math.floor(stats.mtimeMs),
    mode: stats.mode & 0o7777,
    type: typeOf(stats),
  }
}

export function typeOf(stats: Stats): FileType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  if (stats.isFIFO()) return 'fifo'
  return stats.isSocket() ? 'socket' : 'device'
}

/** Whether two looks saw the same file with the same content, as far as a look can tell. */
export function sameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs
}
