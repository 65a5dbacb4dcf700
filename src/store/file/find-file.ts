/** Where a key's file is and what is there, after everything that keeps a call inside the root has been asked. */
import type { Stats } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import { fsError } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { keyProblem, parentOf, pathOf } from './key-path.ts'
import { lookAt, typeOf } from './look.ts'
import type { Parents } from './parents.ts'

export interface Found {
  readonly path: Path
  readonly stats: Stats
}

/** Anything that a listing would give; undefined where there is nothing or a directory. */
export function find(root: string, parents: Parents, key: Key): Found | undefined | RekeyError {
  const problem = keyProblem(root, key)
  if (problem !== undefined) return problem
  const parent = parents.check(parentOf(key))
  if (parent === 'missing') return undefined
  if (parent !== 'there') return parent
  try {
    const path = pathOf(root, key)
    const stats = lookAt(path)
    return stats === undefined || stats.isDirectory() ? undefined : { path, stats }
  } catch (error) {
    return fsError(error, key)
  }
}

/** The same where the content is wanted: what is no regular file is E_TYPE. */
export function findContent(root: string, parents: Parents, key: Key): Found | undefined | RekeyError {
  const found = find(root, parents, key)
  if (found === undefined || found instanceof RekeyError || found.stats.isFile()) return found
  return notAFile(key, found.stats)
}

export function notAFile(key: Key, stats: Stats): RekeyError {
  return new RekeyError('E_TYPE', `key ${keyText(key)}: a ${typeOf(stats)}; only regular files have content to take`)
}

/** E_LOCATION when the directory of the location is not there, so that nothing could be a source in it. */
export function missingRoot(root: string, parents: Parents): RekeyError | undefined {
  const state = parents.check('')
  if (state === 'there') return undefined
  return state === 'missing' ? new RekeyError('E_LOCATION', `there is no directory ${root}`) : state
}
