/** A scratch file in the directory for temporary files (TMPDIR): unlinked as soon as it is open. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RekeyError } from '../record/errors.ts'
import type { Scratch } from '../stage/stage.ts'

const CHUNK_BYTES = 64 * 1024

export async function openScratch(): Promise<Scratch> {
  const file = openUnlinked()
  let end = 0
  const read = (into: Uint8Array, position: number) => readSync(file, into, 0, into.length, position)
  return {
    append(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const written = writeOut(file, bytes, at, end)
        at += written
        end += written
      }
    },
    read,
    async *stream() {
      for (let position = 0; position < end; ) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - position))
        const length = read(chunk, position)
        position += length
        yield chunk.subarray(0, length)
      }
    },
    descriptor: file,
    close: () => closeSync(file),
  }
}

function openUnlinked(): number {
  try {
    const directory = mkdtempSync(join(tmpdir(), 'rekey-'))
    const file = openSync(join(directory, 'scratch'), 'w+', 0o600)
    rmSync(directory, { recursive: true })
    return file
  } catch (error) {
    throw scratchError(error)
  }
}

function writeOut(file: number, bytes: Uint8Array, at: number, position: number): number {
  try {
    return writeSync(file, bytes, at, bytes.length - at, position)
  } catch (error) {
    throw scratchError(error)
  }
}

function scratchError(error: unknown): RekeyError {
  const message = `cannot write a temporary file in ${tmpdir()}: ${(error as Error).message}; TMPDIR names another directory`
  return new RekeyError('E_FULL', message, { cause: error })
}
