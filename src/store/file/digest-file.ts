/** `sha256:hex` of a file's content. Holds one buffer a file. */
import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { close, closeSync, fstatSync, read } from 'node:fs'
import { promisify } from 'node:util'
import type { Key } from '../../record/key.ts'
import { changedMeanwhile, openSource, readFully } from './content-io.ts'
import type { Path } from './key-path.ts'
import { sameFile } from './look.ts'

const readChunk = promisify(read)
const closeFile = promisify(close)

/** Up to here, waiting for a thread costs more than reading. */
const SMALL_BYTES = 64 * 1024
const CHUNK_BYTES = 256 * 1024

/** Throws what the operating system says, E_TYPE, and E_CHANGED when the content changed meanwhile. */
export async function digestPath(path: Path, key: Key): Promise<string> {
  const { descriptor, stats } = openSource(path, key)
  if (stats.size < SMALL_BYTES) return digestSmall(descriptor, stats, key)
  try {
    const hash = createHash('sha256')
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, stats.size + 1))
    let total = 0
    while (true) {
      const { bytesRead } = await readChunk(descriptor, chunk, 0, chunk.length, total)
      if (bytesRead === 0) break
      hash.update(chunk.subarray(0, bytesRead))
      total += bytesRead
    }
    if (total !== stats.size || !sameFile(stats, fstatSync(descriptor))) throw changedMeanwhile(key)
    return `sha256:${hash.digest('hex')}`
  } finally {
    await closeFile(descriptor)
  }
}

function digestSmall(descriptor: number, stats: Stats, key: Key): string {
  try {
    const bytes = Buffer.allocUnsafe(stats.size + 1)
    const length = readFully(descriptor, bytes)
    if (length !== stats.size || !sameFile(stats, fstatSync(descriptor))) throw changedMeanwhile(key)
    return `sha256:${createHash('sha256').update(bytes.subarray(0, length)).digest('hex')}`
  } finally {
    closeSync(descriptor)
  }
}
