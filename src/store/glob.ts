/**
 * Globs as Redis has them (stringmatchlen in its src/util.c): `*` any bytes, also `/`; `?` one byte; `[ab]`, `[a-z]`,
 * `[^a]` one of a class; a backslash takes the next byte as it is. Over bytes, so a letter beyond ASCII is several.
 * The whole key must match. What is odd in Redis is odd here too: a class that is not closed goes to the end, `[a-]`
 * is an open range, and a lone backslash at the end is itself. Only a range of bytes beyond ASCII may differ, as it does
 * between one Redis and another: there it hangs on the processor, here bytes have no sign.
 */
import type { Key } from '../record/key.ts'
import { keyBytes } from '../record/key.ts'

type Token =
  | { readonly kind: 'star' }
  | { readonly kind: 'one'; readonly takes: (byte: number) => boolean; readonly byte?: number }

const STAR = 0x2a
const ANY = 0x3f
const OPEN = 0x5b
const CLOSE = 0x5d
const NOT = 0x5e
const DASH = 0x2d
const BACKSLASH = 0x5c

export function compileGlob(glob: string): (key: Key) => boolean {
  const tokens = tokensOf(Buffer.from(glob))
  return (key) => matchesAll(tokens, keyBytes(key))
}

/** The bytes with which every key that matches begins; empty when it may begin with anything. */
export function globPrefix(glob: string): Buffer {
  const bytes: number[] = []
  for (const token of tokensOf(Buffer.from(glob))) {
    if (token.kind === 'star' || token.byte === undefined) break
    bytes.push(token.byte)
  }
  return Buffer.from(bytes)
}

function matchesAll(tokens: readonly Token[], key: Buffer): boolean {
  let token = 0
  let at = 0
  // Where to go on when the bytes behind the last star turn out not to fit: the star takes one more.
  let starToken = -1
  let starAt = 0
  while (at < key.length) {
    const next = tokens[token]
    if (next?.kind === 'star') {
      starToken = token++
      starAt = at
    } else if (next?.takes(key[at] as number)) {
      token++
      at++
    } else if (starToken !== -1) {
      token = starToken + 1
      at = ++starAt
    } else {
      return false
    }
  }
  while (tokens[token]?.kind === 'star') token++
  return token === tokens.length
}

function tokensOf(glob: Buffer): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < glob.length; ) {
    const byte = glob[at] as number
    if (byte === OPEN) {
      const { takes, end } = classAt(glob, at + 1)
      tokens.push({ kind: 'one', takes })
      at = end
      continue
    }
    const escapes = byte === BACKSLASH && at + 1 < glob.length
    if (byte === STAR) tokens.push({ kind: 'star' })
    else if (byte === ANY) tokens.push({ kind: 'one', takes: () => true })
    else tokens.push(literal(glob[escapes ? at + 1 : at] as number))
    at += escapes ? 2 : 1
  }
  return tokens
}

function literal(byte: number): Token {
  return { kind: 'one', takes: (other) => other === byte, byte }
}

/** The class whose first byte behind the bracket is at `start`; `end` is behind its closing bracket. */
function classAt(glob: Buffer, start: number): { takes: (byte: number) => boolean; end: number } {
  const not = glob[start] === NOT
  const members = new Uint8Array(256)
  let at = not ? start + 1 : start
  for (; at < glob.length && glob[at] !== CLOSE; at++) {
    const first = glob[at] as number
    if (first === BACKSLASH && at + 1 < glob.length) {
      members[glob[++at] as number] = 1
    } else if (glob[at + 1] === DASH && at + 2 < glob.length) {
      const last = glob[at + 2] as number
      members.fill(1, Math.min(first, last), Math.max(first, last) + 1)
      at += 2
    } else {
      members[first] = 1
    }
  }
  return { takes: (byte) => (members[byte] === 1) !== not, end: at + 1 }
}
