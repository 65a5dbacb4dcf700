/**
 * Copies inside the directory, a batch at a time. Small contents go through one buffer, large ones by reflink, or by
 * the kernel where the file system has none. Holds the open files of one batch.
 */
import type { Stats } from 'node:fs'
import { constants, copyFile, fstatSync } from 'node:fs'
import { promisify } from 'node:util'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { sameKey } from '../../record/key.ts'
import type { Guard, Outcome, Pair } from '../contract.ts'
import { keepAttributes, SET_ID_BITS } from './attributes.ts'
import { changedMeanwhile, readFully, withSource, writeBeside, writeFully } from './content-io.ts'
import type { Found } from './find-file.ts'
import { findContent, missingRoot } from './find-file.ts'
import { errnoOf, fsError } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { lookAt, sameFile } from './look.ts'
import { readLarge } from './read-file.ts'
import type { Staged } from './staging.ts'
import { Staging } from './staging.ts'
import type { Tree } from './tree.ts'
import { SMALL_BYTES } from './tree.ts'

const copyContent = promisify(copyFile)

/** Nobody but the owner reads a file that has not got its mode yet. */
const UNFINISHED_MODE = 0o600

/** Errors of a copy that are the destination's; any other is the source's. */
const OF_THE_DESTINATION = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS']

export async function copyFiles(tree: Tree, pairs: readonly Pair[], guard: Guard): Promise<Outcome[]> {
  const staging = new Staging(tree, guard)
  const missing = missingRoot(tree.root, staging.parents)
  if (missing !== undefined) return pairs.map(() => ({ outcome: 'failed', error: missing }))
  const items: (Staged | Outcome)[] = []
  for (const pair of pairs) items.push(await stageCopy(tree, staging, pair))
  return await staging.settle(items)
}

async function stageCopy(tree: Tree, staging: Staging, { from, to, expect }: Pair): Promise<Staged | Outcome> {
  const found = findContent(tree.root, staging.parents, from)
  if (found === undefined) return { outcome: 'skipped', reason: 'gone' }
  if (found instanceof RekeyError) return { outcome: 'failed', error: found }
  if (sameKey(from, to)) return { outcome: 'skipped', reason: 'same-key' }
  return await staging.stage(to, expect, UNFINISHED_MODE, async (file, temporary) => {
    const small = found.stats.size <= SMALL_BYTES
    const stats = small ? copySmall(tree, found, from, file) : await copyLarge(found, from, file, temporary)
    if (stats === undefined) return { outcome: 'skipped', reason: 'gone' }
    return keepAttributes(file, { mode: stats.mode & 0o7777, mtimeMs: stats.mtimeMs, owner: stats })
  })
}

/** What the source was, undefined when it has gone. */
function copySmall(tree: Tree, { path }: Found, from: Key, file: number): Stats | undefined {
  let stats: Stats
  try {
    stats = withSource(path, from, (source, before) => {
      const length = readFully(source, tree.buffer)
      if (length !== before.size || !sameFile(before, fstatSync(source))) throw changedMeanwhile(from)
      return before
    })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw fsError(error, from)
  }
  writeFully(file, tree.buffer.subarray(0, stats.size))
  return stats
}

async function copyLarge({ path, stats }: Found, from: Key, file: number, temporary: Path): Promise<Stats | undefined> {
  if ((stats.mode & SET_ID_BITS) !== 0) return await copyLent({ path, stats }, from, file)
  try {
    await copyContent(path, temporary, constants.COPYFILE_FICLONE)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw OF_THE_DESTINATION.includes(errnoOf(error)) ? error : fsError(error, from)
  }
  const after = lookAt(path)
  if (after === undefined || !sameFile(stats, after)) throw changedMeanwhile(from)
  return stats
}

/**
 * The system's copy gives the mode before the owner: of a program that somebody else lends, a kill would leave one that
 * lends our own rights.
 */
async function copyLent({ path, stats }: Found, from: Key, file: number): Promise<Stats> {
  for await (const chunk of readLarge(path, from, stats)) await writeBeside(file, chunk)
  return stats
}
