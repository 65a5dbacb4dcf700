/** The records' bytes: stdin, or the files named one after the other. Ends when the intake is stopped. */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { stdin } from 'node:process'
import type { Readable } from 'node:stream'
import { RekeyError } from '../record/errors.ts'

const CHUNK_BYTES = 64 * 1024

/** Refuses what cannot be read, before anything is done. */
export async function checkFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const file = await open(path).catch((error: NodeJS.ErrnoException) => {
      throw new RekeyError('E_USAGE', `cannot read ${path}: ${error.code}`)
    })
    const stats = await file.stat()
    await file.close()
    if (stats.isDirectory())
      throw new RekeyError('E_USAGE', `cannot read ${path}: it is a directory, records come from files`)
  }
}

/** Bytes of stdin, or of the files. A file that does not end with a newline does not run into the next one. */
export async function* readInput(paths: readonly string[], stop: AbortSignal): AsyncGenerator<Uint8Array> {
  if (paths.length === 0) {
    yield* readStream(stdin, stop)
    return
  }
  for (const path of paths) {
    yield* readFile(path, stop)
    yield Buffer.from('\n')
  }
}

export function readFile(path: string, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  return readStream(createReadStream(path, { highWaterMark: CHUNK_BYTES }), stop)
}

async function* readStream(stream: Readable, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const end = () => stream.destroy()
  if (stop.aborted) return end()
  stop.addEventListener('abort', end, { once: true })
  try {
    for await (const chunk of stream) yield chunk as Uint8Array
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    stop.removeEventListener('abort', end)
  }
}
