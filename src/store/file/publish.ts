/** Gives a temporary file its name, under a guard. Never replaces anything but under `any` and `match`. */
import { closeSync, linkSync, openSync, renameSync, unlinkSync } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence, Guard, Outcome } from '../contract.ts'
import { digestPath } from './digest-file.ts'
import { notAsExpected, weigh } from './evidence.ts'
import { errnoOf } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { lookAt } from './look.ts'

/** What is to come about. */
export interface Wanted {
  readonly key: Key
  readonly path: Path
  readonly guard: Guard
  readonly expect: Evidence | undefined
}

/** What says that a file system has no hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']

/** The outcome that can be told before any content is touched; undefined when there is work to do. Throws E_BLOCKED. */
export function lookBefore({ key, path, guard, expect }: Wanted): Outcome | undefined {
  const stats = lookAt(path)
  if (stats?.isDirectory()) throw blocked(key)
  if (guard === 'absent') return stats === undefined ? undefined : { outcome: 'skipped', reason: 'exists' }
  if (guard !== 'match') return undefined
  const verdict = stats === undefined ? 'changed' : weigh(expect ?? {}, stats.size, stats.mtimeMs)
  if (verdict === 'changed' || verdict === 'unproven') throw notAsExpected(key, verdict, stats)
  return undefined
}

/** Throws what the operating system says, E_BLOCKED and E_CHANGED. The temporary file may be left. */
export async function publish(wanted: Wanted, temporary: Path): Promise<Outcome> {
  if (wanted.guard === 'absent') return publishAbsent(wanted, temporary)
  if (wanted.guard === 'match') await checkDigest(wanted)
  lookBefore(wanted)
  const replaces = lookAt(wanted.path) !== undefined
  renameSync(temporary, wanted.path)
  return replaces ? { outcome: 'done', reason: 'replaced' } : { outcome: 'done' }
}

/** `link` is named so that a test can take hard links away. */
export function publishAbsent({ key, path }: Wanted, temporary: Path, link: typeof linkSync = linkSync): Outcome {
  try {
    link(temporary, path)
    return { outcome: 'done' }
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return standsThere(key, path)
    if (!NO_LINKS.includes(errnoOf(error))) throw error
    return reserve({ key, path }, temporary)
  }
}

/**
 * Without hard links: an empty file takes the name if nobody has it, and the content replaces that file. A crash
 * between the two leaves the empty file.
 */
function reserve({ key, path }: Pick<Wanted, 'key' | 'path'>, temporary: Path): Outcome {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return standsThere(key, path)
    throw error
  }
  try {
    renameSync(temporary, path)
    return { outcome: 'done' }
  } catch (error) {
    unlinkSync(path)
    throw error
  }
}

function standsThere(key: Key, path: Path): Outcome {
  if (lookAt(path)?.isDirectory()) throw blocked(key)
  return { outcome: 'skipped', reason: 'exists' }
}

async function checkDigest({ key, path, expect }: Wanted): Promise<void> {
  if (!expect?.digest?.startsWith('sha256:')) return
  const stats = lookAt(path)
  if (stats === undefined || (await digestPath(path, key)) !== expect.digest) throw notAsExpected(key, 'changed', stats)
}

function blocked(key: Key): RekeyError {
  return new RekeyError('E_BLOCKED', `key ${keyText(key)}: a directory stands where the file must be`)
}
