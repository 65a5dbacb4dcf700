/** A file's bytes as text, in pieces that end between two characters. Holds one chunk. */
import { isAscii, isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'

const CHUNK_BYTES = 64 * 1024
const BYTE_ORDER_MARK = '\ufeff'

/** Throws E_LOCATION without the file, E_DENIED, E_STORE, and E_INPUT for bytes that are not UTF-8. */
export async function* textChunks(path: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  let base = 0
  for await (const chunk of bytesOf(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = endOfCharacters(bytes)
    const whole = bytes.subarray(0, end)
    const text = textOf(whole, path, base)
    yield base === 0 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
    rest = Buffer.from(bytes.subarray(end))
    base += end
  }
  if (rest.length > 0) throw notText(path, base)
}

async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>
  } catch (error) {
    throw fileError(error, path)
  }
}

function fileError(error: unknown, path: string): RekeyError {
  const errno = (error as NodeJS.ErrnoException).code
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return new RekeyError('E_LOCATION', `there is no file ${path}`)
  if (errno === 'EISDIR') return new RekeyError('E_LOCATION', `${path} is a directory; json: reads one file`)
  if (errno === 'EACCES') return new RekeyError('E_DENIED', `${path} cannot be read: permission denied`)
  return new RekeyError('E_STORE', `${path} cannot be read: ${(error as Error).message}`, { cause: error })
}

function textOf(bytes: Buffer, path: string, base: number): string {
  if (isAscii(bytes)) return bytes.toString('latin1')
  if (!isUtf8(bytes)) throw notText(path, base + firstBadByte(bytes))
  return bytes.toString('utf8')
}

/** Index behind the last character that is whole. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] as number
    if (byte < 0x80) break
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** Index of the byte that begins what is no character. */
function firstBadByte(bytes: Buffer): number {
  let good = 0
  for (let bad = bytes.length; bad - good > 1; ) {
    const middle = (good + bad) >> 1
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, middle), { stream: true })
      good = middle
    } catch {
      bad = middle
    }
  }
  return endOfCharacters(bytes.subarray(0, good))
}

function notText(path: string, byte: number): RekeyError {
  return new RekeyError('E_INPUT', `${path}: byte ${byte + 1} is not UTF-8`)
}
