/**
 * A directory and those above it. Node's own recursive mkdir tries for ever, and holds a processor, where a directory is there and
 * the system says ENOENT all the same, as below /proc and where automounted directories would be.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from './fs-error.ts'

/** Nothing where it is there. Throws what the operating system says. */
export function makeDirectory(path: string): void {
  const above = dirname(path)
  if (!existsSync(above)) makeDirectory(above)
  try {
    mkdirSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}
