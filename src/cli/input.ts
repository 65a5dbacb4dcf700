/** The records' bytes: stdin, or the files named one after the other. Ends when the intake is stopped. */
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import type { OnReadOpts, SocketConstructorOpts } from 'node:net'
import { Socket } from 'node:net'
import { stdin } from 'node:process'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { RekeyError } from '../record/errors.ts'
import type { Arguments } from '../stage/tool.ts'
import type { AnyTool } from './tools.ts'

const STDIN = 0
const CHUNK_BYTES = 64 * 1024
const NEWLINE = 0x0a

/** The files that the words of a command name; none for stdin. A tool that hands on what it reads stands in a pipe. */
export function inputFiles({ reads, handsOn }: AnyTool, { words }: Arguments): readonly string[] {
  return reads === 'records' && handsOn !== true ? words : []
}

/** Refuses what cannot be read, before anything is done. Opens nothing: a named pipe can be opened only once. */
export async function checkFiles(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await access(path, constants.R_OK)
    } catch (error) {
      throw new RekeyError('E_USAGE', `cannot read ${path}: ${whyNot(error as NodeJS.ErrnoException)}`)
    }
    if ((await stat(path)).isDirectory()) {
      throw new RekeyError('E_USAGE', `cannot read ${path}: it is a directory, records come from files`)
    }
  }
}

function whyNot({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EACCES' ? 'permission denied' : String(code)
}

/**
 * Bytes of stdin, or of the files. A file that does not end with a newline does not run into the next one.
 * A chunk holds only until the next one is asked for.
 */
export async function* readInput(paths: readonly string[], stop: AbortSignal): AsyncGenerator<Uint8Array> {
  if (paths.length === 0) {
    yield* readStdin(stop)
    return
  }
  for (const path of paths) {
    let last: Uint8Array | undefined
    for await (const chunk of readPath(path, stop)) {
      last = chunk
      yield chunk
    }
    if (last !== undefined && last.at(-1) !== NEWLINE) yield Buffer.of(NEWLINE)
  }
}

function readStdin(stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const stats = fstatSync(STDIN)
  if (stats.isFile()) return readOpen(STDIN, stop)
  return stats.isFIFO() || stats.isSocket() ? readPipe(STDIN, stop) : readStream(stdin, stop)
}

/** Bytes of a file, each chunk in memory of its own. */
export function readFile(path: string, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  return readStream(createReadStream(path, { highWaterMark: CHUNK_BYTES }), stop)
}

/** The same; a chunk holds only until the next one is asked for. */
export async function* readPath(path: string, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  // Asked by its name: a named pipe can be opened only once.
  if (!(await stat(path)).isFile()) {
    yield* readFile(path, stop)
    return
  }
  const file = openSync(path, 'r')
  try {
    yield* readOpen(file, stop)
  } finally {
    closeSync(file)
  }
}

/** Reads a file by our own hand: node's stream has another thread do that, and takes new memory for each chunk. */
async function* readOpen(file: number, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  while (!stop.aborted) {
    const length = readSync(file, chunk, 0, CHUNK_BYTES, null)
    if (length === 0) return
    yield chunk.subarray(0, length)
    // Signals and timers have their turn.
    await setImmediate()
  }
}

/** Reads a pipe into one chunk: node's stream takes new memory for each. */
async function* readPipe(file: number, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let length = 0
  let isOver = false
  let failure: Error | undefined
  let wake = () => {}
  const callback = (count: number) => {
    length = count
    wake()
    // No more before it is asked for.
    return false
  }
  const options = { fd: file, readable: true, writable: false, onread: { buffer, callback } }
  const socket = new Socket(options satisfies SocketConstructorOpts & { onread: OnReadOpts })
  const end = () => {
    isOver = true
    socket.destroy()
    wake()
  }
  socket.once('end', end).once('error', (error) => {
    failure = error
    end()
  })
  stop.addEventListener('abort', end, { once: true })
  try {
    for (;;) {
      if (stop.aborted || (isOver && length === 0)) break
      if (length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve
          socket.resume()
        })
        continue
      }
      const chunk = buffer.subarray(0, length)
      length = 0
      yield chunk
    }
    if (failure !== undefined && !stop.aborted) throw failure
  } finally {
    stop.removeEventListener('abort', end)
    socket.destroy()
  }
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
