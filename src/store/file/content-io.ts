/** Reading and writing whole contents. A content that changes while it is read is an error, never a mixture. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import { notAFile } from './find-file.ts'
import { errnoOf } from './fs-error.ts'
import type { Path } from './key-path.ts'

const writeChunk = promisify(write)

/** A link is not followed, and a pipe that has taken the file's place does not hold the process up. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Without it a read has to wait for the journal to note its time. Only the owner may ask for it. */
const LEAVE_TIME = constants.O_NOATIME ?? 0

/** Opens a file, hands it to `use` and closes it. Throws what the operating system says, and E_TYPE. */
export function withSource<T>(path: Path, key: Key, use: (source: number, stats: Stats) => T): T {
  const source = openSource(path, key)
  try {
    return use(source.descriptor, source.stats)
  } finally {
    closeSync(source.descriptor)
  }
}

/** The caller closes it. */
export function openSource(path: Path, key: Key): { readonly descriptor: number; readonly stats: Stats } {
  const descriptor = openToRead(path)
  const stats = fstatSync(descriptor)
  if (stats.isFile()) return { descriptor, stats }
  closeSync(descriptor)
  throw notAFile(key, stats)
}

function openToRead(path: Path): number {
  try {
    return openSync(path, READ_FLAGS | LEAVE_TIME)
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error
    return openSync(path, READ_FLAGS)
  }
}

/** Fills `into` from the beginning of the file; gives how many bytes there were. */
export function readFully(file: number, into: Buffer): number {
  let length = 0
  while (length < into.length) {
    const read = readSync(file, into, length, into.length - length, length)
    if (read === 0) break
    length += read
  }
  return length
}

export function writeFully(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at)
}

/** The same while others work. */
export async function writeBeside(file: number, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await writeChunk(file, chunk, at, chunk.length - at)
    at += bytesWritten
  }
}

export function changedMeanwhile(key: Key): RekeyError {
  return new RekeyError('E_CHANGED', `key ${keyText(key)}: it changed while it was read; run again for what it is now`)
}
