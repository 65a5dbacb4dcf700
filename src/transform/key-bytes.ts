/** The bytes of a key in a buffer that is also read as words of 32 bits. */
import type { Key } from '../record/key.ts'

/** Longer keys are written by the buffer itself; for shorter ones the call costs more than the bytes. */
const SHORT = 64

/**
 * Writes the key at word `first`, with 16 bytes of zeros or more behind it; gives the key's length in bytes.
 * There must be room for three bytes a character, and 20 more.
 */
export function writeKey(bytes: Buffer, words: Int32Array, first: number, key: Key): number {
  const start = first << 2
  const length = typeof key === 'string' ? writeText(bytes, start, key) : key.copy(bytes, start)
  let end = start + length
  while ((end & 3) !== 0) bytes[end++] = 0
  const word = end >> 2
  words[word] = 0
  words[word + 1] = 0
  words[word + 2] = 0
  words[word + 3] = 0
  return length
}

function writeText(bytes: Buffer, start: number, text: string): number {
  if (text.length > SHORT) return bytes.write(text, start, 'utf8')
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 0x7f) return bytes.write(text, start, 'utf8')
    bytes[start + at] = code
  }
  return text.length
}
