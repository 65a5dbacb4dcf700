/**
 * Removes files that are still what a record says they were, then the directories that this leaves empty, upwards and
 * never the root. Between the look and the unlink there is no lock: files have none that others would heed.
 */
import { rmdirSync, unlinkSync } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome, Target, Witness } from '../contract.ts'
import { digestPath } from './digest-file.ts'
import { notAsExpected, weigh } from './evidence.ts'
import { find, findContent, missingRoot } from './find-file.ts'
import { errnoOf, fsError } from './fs-error.ts'
import { identityOf, parentOf, pathOf } from './key-path.ts'
import { lookAt, sameFile } from './look.ts'
import { Parents } from './parents.ts'
import type { Tree } from './tree.ts'

export async function removeFiles(tree: Tree, targets: readonly Target[]): Promise<Outcome[]> {
  const parents = new Parents(tree.root)
  const missing = missingRoot(tree.root, parents)
  if (missing !== undefined) return targets.map(() => ({ outcome: 'failed', error: missing }))
  const left = new Map<string, Key>()
  const outcomes: Outcome[] = []
  for (const target of targets) {
    const outcome = await removeOne(tree, parents, target)
    outcomes.push(outcome)
    const directory = parentOf(target.key)
    if (outcome.outcome === 'done') left.set(identityOf(directory), directory)
  }
  const flushed = [...left.values()].map((directory) => prune(tree, directory))
  await Promise.all(flushed.map((directory) => tree.syncs.sync(pathOf(tree.root, directory))))
  return outcomes
}

async function removeOne(tree: Tree, parents: Parents, { key, expect, witness }: Target): Promise<Outcome> {
  try {
    const found = findContent(tree.root, parents, key)
    if (found === undefined) return { outcome: 'skipped', reason: 'gone' }
    if (found instanceof RekeyError) throw found
    tree.orphans.sweep(parentOf(key))
    const { path, stats } = found
    const verdict = weigh(expect, stats.size, stats.mtimeMs)
    if (verdict === 'changed' || verdict === 'unproven') throw notAsExpected(key, verdict, stats)
    if (verdict === 'digest') {
      const differs = (await digestPath(path, key)) !== expect.digest
      const now = lookAt(path)
      if (differs || now === undefined || !sameFile(stats, now)) throw notAsExpected(key, 'changed', now)
    }
    if (witness !== undefined && find(tree.root, parents, witness.key) === undefined) throw alone(key, witness)
    unlinkSync(path)
    return { outcome: 'done' }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { outcome: 'skipped', reason: 'gone' }
    return { outcome: 'failed', error: fsError(error, key) }
  }
}

/** Somebody may have taken the other one of the two since delete-apply has looked: then this one stays. */
function alone(key: Key, { key: other }: Witness): RekeyError {
  const why = `cannot go: ${keyText(other)}, by which it is proven, is not there any more; verify again`
  return new RekeyError('E_UNPROVEN', `key ${keyText(key)} ${why}`)
}

/** Removes the directory and those above it while they are empty; gives the first that stays. */
function prune(tree: Tree, directory: Key): Key {
  let key = directory
  try {
    for (; key.length > 0; key = parentOf(key)) rmdirSync(pathOf(tree.root, key))
  } catch {
    // Something is in it, or somebody else has removed it: either way it is not ours to go on.
  }
  return key
}
