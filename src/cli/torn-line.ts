/** A file that a killed run has left may end within a line. Nothing may be added right behind that. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import { RekeyError } from '../record/errors.ts'

const STDOUT = 1
const NEWLINE = 0x0a
const STEP_BYTES = 64 * 1024

/**
 * Mends the file where it is also this process's stdout: cuts the torn line off (`cut`). Elsewhere the caller must
 * begin its output with a newline (`apart`), because the two may be joined. Undefined when the last line is whole.
 */
export function mendTornLine(path: string): 'cut' | 'apart' | undefined {
  const file = openToRead(path)
  try {
    const { size, dev, ino } = fstatSync(file)
    const wholeBytes = endOfLastLine(file, size)
    if (wholeBytes === size) return undefined
    const stdout = fstatSync(STDOUT)
    if (!stdout.isFile() || stdout.dev !== dev || stdout.ino !== ino) return 'apart'
    ftruncateSync(STDOUT, wholeBytes)
    return 'cut'
  } finally {
    closeSync(file)
  }
}

function openToRead(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    throw new RekeyError('E_USAGE', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** Index behind the last newline; 0 when there is none. */
function endOfLastLine(file: number, size: number): number {
  const buffer = Buffer.alloc(STEP_BYTES)
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - STEP_BYTES)
    const length = readSync(file, buffer, 0, end - start, start)
    const newline = buffer.subarray(0, length).lastIndexOf(NEWLINE)
    if (newline !== -1) return start + newline + 1
    end = start
  }
  return 0
}
