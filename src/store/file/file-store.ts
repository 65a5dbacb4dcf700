/**
 * A directory as a store: a key is a path below it. Nothing outside the directory is ever touched, and nothing is ever
 * half there: docs/stores/files.md says what is kept and what a crash leaves.
 */
import type { Stats } from 'node:fs'
import { statSync } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Digested, Looked, Outcome, Store, StoreSettings, Traits } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { copyFiles } from './copy-files.ts'
import { digestFiles } from './digest-files.ts'
import { find } from './find-file.ts'
import { errnoOf } from './fs-error.ts'
import { listFiles } from './list-files.ts'
import { rootOf } from './location.ts'
import { entryOf } from './look.ts'
import { Parents } from './parents.ts'
import { readFile } from './read-file.ts'
import { removeFiles } from './remove-files.ts'
import { Tree } from './tree.ts'
import { HOLDS, writeFile } from './write-file.ts'

const TRAITS: Traits = {
  ordered: true,
  unique: true,
  batch: 128,
  concurrency: 4,
  holds: HOLDS,
  guards: ['absent', 'match', 'any'],
}

/** What Node gives for bytes of an argument that are not UTF-8 would be made as another directory. */
const NOT_TEXT = 'is not there; if its name is not UTF-8, give a symbolic link to it, with a name that is'

/** A directory that is not there yet is one that will be made. Throws E_LOCATION for what is no directory, E_DENIED. */
export async function openFileStore(
  location: string,
  _settings: StoreSettings,
  surroundings: Surroundings,
): Promise<Store> {
  const root = rootOf(location)
  checkKind(root)
  const tree = new Tree(root, surroundings)
  return {
    location: `file:${root}`,
    traits: TRAITS,
    list: (range, signal) => listFiles(tree, range, signal),
    stat: async (keys) => {
      const parents = new Parents(root)
      return keys.map((key) => stat(root, parents, key))
    },
    copy: async (pairs, guard) => (guard === 'merge' ? pairs.map(unmergeable) : await copyFiles(tree, pairs, guard)),
    read: async (key) => readFile(tree, key),
    write: async (item, guard) => (guard === 'merge' ? unmergeable() : await writeFile(tree, item, guard)),
    remove: (targets) => removeFiles(tree, targets),
    digest: (keys): Promise<readonly Digested[]> => digestFiles(tree, keys),
    close: async () => tree.places.close(),
  }
}

function stat(root: string, parents: Parents, key: Key): Looked {
  const found = find(root, parents, key)
  if (found === undefined || found instanceof RekeyError) return found
  return { object: `${found.stats.dev}:${found.stats.ino}`, ...entryOf(key, found.stats) }
}

function unmergeable(): Outcome {
  return { outcome: 'failed', error: new RekeyError('E_UNSUPPORTED', 'merge: files are not collections') }
}

function checkKind(root: string): void {
  // Without the closing slash, so that a file is seen as one.
  const path = root.slice(0, -1) || '/'
  let stats: Stats
  try {
    // Not by throwIfNoEntry: from Node 22 on a file above the path is no entry for it, too.
    stats = statSync(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !path.includes('\ufffd')) return
    if (errnoOf(error) === 'ENOENT') throw new RekeyError('E_LOCATION', `${path} ${NOT_TEXT}`)
    const code = errnoOf(error) === 'EACCES' ? 'E_DENIED' : 'E_LOCATION'
    throw new RekeyError(code, `${path} cannot be opened as a directory (${errnoOf(error)})`, { cause: error })
  }
  if (stats.isDirectory()) return
  const what = stats.isFile() ? 'a single file' : 'no directory'
  throw new RekeyError('E_LOCATION', `${path} is ${what}; name the directory that it is in, and --match it`)
}
