/**
 * Lists a directory recursively, in the order of the keys' bytes. Holds the names of the directories on the path, and
 * one batch. Follows no links; what is no regular file is listed with its type, so that nothing is lost silently.
 */
import { readdirSync, type Stats } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { compareKeys, keyBytes, keyOf } from '../../record/key.ts'
import type { Entry, Range } from '../contract.ts'
import { compileGlob, globPrefix } from '../glob.ts'
import { readValue } from './file-value.ts'
import { fsError } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { childOf, pathOf } from './key-path.ts'
import { entryOf, lookAt } from './look.ts'
import { isOurName } from './own-name.ts'
import type { Tree } from './tree.ts'

const BATCH_KEYS = 256
/** A batch with values is handed on when it holds so much. */
const BATCH_BYTES = 1024 * 1024

/** Ends early when the signal is aborted. Throws E_LOCATION without the directory, E_DENIED naming an unreadable one. */
export async function* listFiles(tree: Tree, range: Range, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
  checkRoot(tree.root)
  let batch: Entry[] = []
  let bytes = 0
  try {
    for (const entry of new Walk(tree, range).below('')) {
      batch.push(entry)
      if (range.values) bytes += entry.sizeBytes ?? 0
      if (batch.length < BATCH_KEYS && bytes < BATCH_BYTES) continue
      if (signal.aborted) return
      yield batch
      batch = []
      bytes = 0
    }
  } catch (error) {
    // Whoever goes on behind the directory that the error names must have got all that comes before it.
    if (batch.length > 0 && !signal.aborted) yield batch
    throw error
  }
  if (batch.length > 0 && !signal.aborted) yield batch
}

class Walk {
  readonly #tree: Tree
  readonly #range: Range
  readonly #matches: (key: Key) => boolean
  readonly #prefix: Buffer
  /** the key behind which the listing begins, until that is reached */
  #after: Key | undefined

  constructor(tree: Tree, range: Range) {
    this.#tree = tree
    this.#range = range
    this.#after = range.after
    this.#matches = range.match === undefined ? () => true : compileGlob(range.match)
    this.#prefix = range.match === undefined ? Buffer.alloc(0) : globPrefix(range.match)
  }

  *below(directory: Key): Generator<Entry> {
    for (const name of readNames(this.#tree, directory)) {
      const key = childOf(directory, name)
      if (endsWithSlash(name)) {
        if (this.#mayHold(key)) yield* this.below(withoutSlash(key))
      } else if (this.#isBehind(key) && this.#matches(key)) {
        const entry = this.#entry(key)
        if (entry !== undefined) yield entry
      }
    }
  }

  #entry(key: Key): Entry | undefined {
    const path = pathOf(this.#tree.root, key)
    const stats = look(path, key)
    if (stats === undefined || stats.isDirectory()) return undefined
    const entry = entryOf(key, stats)
    if (this.#range.type !== undefined && entry.type !== this.#range.type) return undefined
    return this.#range.values && stats.isFile() ? { ...entry, ...readValue(this.#tree, path, key) } : entry
  }

  #isBehind(key: Key): boolean {
    if (this.#after === undefined) return true
    if (compareKeys(key, this.#after) <= 0) return false
    this.#after = undefined
    return true
  }

  /** Whether a key that is asked for can begin with this one, which ends with `/`. */
  #mayHold(prefix: Key): boolean {
    if (this.#prefix.length > 0 && !agree(keyBytes(prefix), this.#prefix)) return false
    if (this.#after === undefined) return true
    const after = keyBytes(this.#after)
    const bytes = keyBytes(prefix)
    return Buffer.compare(bytes, after) > 0 || after.subarray(0, bytes.length).equals(bytes)
  }
}

/** The names in a directory in the order of their bytes, those of directories with `/` behind them. */
function readNames(tree: Tree, directory: Key): Key[] {
  const path = pathOf(tree.root, directory)
  try {
    const names: string[] = []
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.name.includes('\ufffd')) return readRawNames(path)
      if (entry.isDirectory()) names.push(`${entry.name}/`)
      else if (!isOurName(entry.name)) names.push(entry.name)
    }
    // Without surrogates the order of UTF-16 is the order of UTF-8.
    return names.some(hasSurrogate) ? names.sort(compareKeys) : names.sort()
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw ofDirectory(error, directory)
  }
}

/** The same where some name is not UTF-8, or holds the character that would stand for that. */
function readRawNames(path: Path): Key[] {
  const names: Key[] = []
  for (const entry of readdirSync(path, { withFileTypes: true, encoding: 'buffer' })) {
    const name = entry.name as unknown as Buffer
    if (entry.isDirectory()) names.push(keyOf(Buffer.concat([name, Buffer.from('/')])))
    else if (!isOurName(name.toString('latin1'))) names.push(keyOf(name))
  }
  return names.sort(compareKeys)
}

function look(path: Path, key: Key): Stats | undefined {
  try {
    return lookAt(path)
  } catch (error) {
    throw fsError(error, key)
  }
}

function checkRoot(root: string): void {
  let stats: Stats | undefined
  try {
    stats = lookAt(root)
  } catch (error) {
    throw ofDirectory(error, '')
  }
  if (stats === undefined) throw new RekeyError('E_LOCATION', `there is no directory ${root}`)
}

function ofDirectory(error: unknown, directory: Key): RekeyError {
  const { code, message } = fsError(error, directory)
  return new RekeyError(code, `cannot list a directory; ${message}`, { cause: error })
}

function agree(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length)
  return a.subarray(0, length).equals(b.subarray(0, length))
}

function hasSurrogate(name: string): boolean {
  return /[\ud800-\udfff]/.test(name)
}

function endsWithSlash(name: Key): boolean {
  return name.at(-1) === '/' || name.at(-1) === 0x2f
}

function withoutSlash(key: Key): Key {
  return typeof key === 'string' ? key.slice(0, -1) : key.subarray(0, -1)
}
