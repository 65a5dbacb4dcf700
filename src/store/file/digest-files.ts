/** Digests of several files at once. Holds one buffer for each of those. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Digested } from '../contract.ts'
import { digestPath } from './digest-file.ts'
import { findContent } from './find-file.ts'
import { errnoOf, fsError } from './fs-error.ts'
import { Parents } from './parents.ts'
import type { Tree } from './tree.ts'

const AT_ONCE = 4

export async function digestFiles(tree: Tree, keys: readonly Key[]): Promise<Digested[]> {
  const parents = new Parents(tree.root)
  const digests: Digested[] = new Array(keys.length)
  let next = 0
  const work = async () => {
    for (let at = next++; at < keys.length; at = next++) digests[at] = await digestOne(tree, parents, keys[at] as Key)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return digests
}

async function digestOne(tree: Tree, parents: Parents, key: Key): Promise<Digested> {
  const found = findContent(tree.root, parents, key)
  if (found === undefined || found instanceof RekeyError) return found
  try {
    return await digestPath(found.path, key)
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : fsError(error, key)
  }
}
