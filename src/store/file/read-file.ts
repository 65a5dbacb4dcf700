/** A file as content for another store. A small one is read at once, a large one while it is written elsewhere. */
import type { Stats } from 'node:fs'
import { close, fstatSync, read } from 'node:fs'
import { promisify } from 'node:util'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Content } from '../contract.ts'
import { onePiece } from '../plain-content.ts'
import { changedMeanwhile, openSource, readFully, withSource } from './content-io.ts'
import { findContent, missingRoot } from './find-file.ts'
import { errnoOf, fsError } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { sameFile } from './look.ts'
import { Parents } from './parents.ts'
import type { Tree } from './tree.ts'
import { SMALL_BYTES } from './tree.ts'

const readChunk = promisify(read)
const closeFile = promisify(close)

const CHUNK_BYTES = 64 * 1024

/** Undefined where there is no such file. Throws E_TYPE, E_DENIED and the like; the body throws E_CHANGED. */
export function readFile(tree: Tree, key: Key): Content | undefined {
  const parents = new Parents(tree.root)
  const found = missingRoot(tree.root, parents) ?? findContent(tree.root, parents, key)
  if (found instanceof RekeyError) throw found
  if (found === undefined) return undefined
  if (found.stats.size > SMALL_BYTES) return contentOf(found.stats, () => readLarge(found.path, key, found.stats))
  try {
    return readSmall(tree, found.path, key)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw fsError(error, key)
  }
}

/** The bytes of a file that fits the tree's buffer. Throws what the operating system says, and E_CHANGED. */
export function readBytes(tree: Tree, path: Path, key: Key): { readonly stats: Stats; readonly bytes: Buffer } {
  return withSource(path, key, (source, stats) => {
    const length = readFully(source, tree.buffer)
    if (length !== stats.size || !sameFile(stats, fstatSync(source))) throw changedMeanwhile(key)
    return { stats, bytes: Buffer.from(tree.buffer.subarray(0, length)) }
  })
}

function readSmall(tree: Tree, path: Path, key: Key): Content {
  const { stats, bytes } = readBytes(tree, path, key)
  return contentOf(stats, () => onePiece(bytes))
}

function contentOf(stats: Stats, body: Content['body']): Content {
  const { size, mode, mtimeMs, uid, gid } = stats
  return { form: 'plain', body, sizeBytes: size, type: 'file', mtimeMs, mode: mode & 0o7777, owner: { uid, gid } }
}

/** The bytes of a file that was seen to be this. Throws E_CHANGED where it is not, or changes. */
export async function* readLarge(path: Path, key: Key, expected: Stats): AsyncGenerator<Uint8Array> {
  const { descriptor, stats } = openAgain(path, key)
  try {
    if (!sameFile(expected, stats)) throw changedMeanwhile(key)
    for (let total = 0; total < stats.size; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const { bytesRead } = await readChunk(descriptor, chunk, 0, chunk.length, total)
      if (bytesRead === 0) break
      total += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
    if (!sameFile(stats, fstatSync(descriptor))) throw changedMeanwhile(key)
  } catch (error) {
    throw fsError(error, key)
  } finally {
    await closeFile(descriptor)
  }
}

function openAgain(path: Path, key: Key): { readonly descriptor: number; readonly stats: Stats } {
  try {
    return openSource(path, key)
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? changedMeanwhile(key) : fsError(error, key)
  }
}
