/** A file that a killed run has left may end within a line. Nothing may be added right behind that. */
import type { Stats } from 'node:fs'
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { RekeyError } from '../record/errors.ts'
import { recordProblem } from '../record/record.ts'

const STDOUT = 1
const NEWLINE = 0x0a
const STEP_BYTES = 64 * 1024

/**
 * Mends the file where it is also this process's stdout: cuts a torn line off (`cut`). Elsewhere, and behind a line that
 * lacks nothing but its newline, the caller must begin its output with a newline (`apart`). Undefined when the last line
 * is whole, and for what is no file. Throws E_USAGE when this process would write over the file instead of adding to it.
 */
export function mendTornLine(path: string): 'cut' | 'apart' | undefined {
  if (!statOf(path).isFile()) return undefined
  const file = openSync(path, 'r')
  try {
    const { size, dev, ino } = fstatSync(file)
    const stdout = fstatSync(STDOUT)
    const isStdout = stdout.isFile() && stdout.dev === dev && stdout.ino === ino
    if (isStdout && !appends(STDOUT)) throw new RekeyError('E_USAGE', `${path} is written over: use >> to add to it`)
    const wholeBytes = endOfLastLine(file, size)
    if (wholeBytes === size) return undefined
    if (!isStdout || isWholeRecord(file, wholeBytes, size)) return 'apart'
    ftruncateSync(STDOUT, wholeBytes)
    return 'cut'
  } finally {
    closeSync(file)
  }
}

/** Whether what is written goes behind what is there; true where the system does not tell. */
function appends(file: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${file}`, 'latin1'))?.[1]
    return flags === undefined || (Number.parseInt(flags, 8) & constants.O_APPEND) !== 0
  } catch {
    return true
  }
}

function isWholeRecord(file: number, start: number, end: number): boolean {
  const tail = Buffer.alloc(end - start)
  readSync(file, tail, 0, tail.length, start)
  try {
    return recordProblem(JSON.parse(tail.toString('utf8'))) === undefined
  } catch {
    return false
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
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
