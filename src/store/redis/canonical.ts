/**
 * The canonical form of a key's content, from which its digest is made: the same for equal content however a server has
 * encoded or ordered it. It is a MessagePack array of byte strings and of such arrays, the type last:
 *
 *     string   value
 *     list     element...
 *     set      member..., by their bytes
 *     hash     field value..., by the fields' bytes
 *     zset     member score..., in the set's own order; a score is its eight IEEE 754 bytes, big-endian, zero without sign
 *     stream   last id, entries [id, [field value...]], groups [name, last id, [consumer...], [[id, consumer, count]...]]
 *     else     DUMP payload without its version and checksum
 *
 * What is volatile has no part in it: times of delivery and of sight. Nor has what Redis 6.2 does not know of a stream:
 * entries-added, max-deleted-entry-id, entries-read. Nor has the expiry. digest-lua.ts makes the same inside the server.
 */
import { createHash } from 'node:crypto'
import type { Reply, Request } from './connection.ts'

export type Canonical = Buffer | readonly Canonical[]

export const DIGEST_PREFIX = 'redis-sha1:'

/** The digest of a canonical form, hexadecimal. */
export function sha1(form: Canonical): string {
  const hash = createHash('sha1')
  for (const piece of packed(form)) hash.update(piece)
  return hash.digest('hex')
}

/** What to ask for the whole content of a key of this type. */
export function contentRequest(type: string, key: string | Buffer): Request {
  switch (type) {
    case 'string':
      return ['GET', key]
    case 'hash':
      return ['HGETALL', key]
    case 'list':
      return ['LRANGE', key, '0', '-1']
    case 'set':
      return ['SMEMBERS', key]
    case 'zset':
      return ['ZRANGE', key, '0', '-1', 'WITHSCORES']
    case 'stream':
      return ['XINFO', 'STREAM', key, 'FULL', 'COUNT', '0']
    default:
      return ['DUMP', key]
  }
}

/** The canonical form of what `contentRequest` was answered. */
export function canonical(type: string, reply: Reply): Canonical {
  return [...parts(type, reply), Buffer.from(type)]
}

function parts(type: string, reply: Reply): readonly Canonical[] {
  switch (type) {
    case 'string':
      return [reply as Buffer]
    case 'list':
      return reply as Buffer[]
    case 'set':
      return (reply as Buffer[]).toSorted(Buffer.compare)
    case 'hash':
      return pairsOf(reply as Buffer[])
        .toSorted(([one], [other]) => Buffer.compare(one, other))
        .flat()
    case 'zset':
      return pairsOf(reply as Buffer[]).flatMap(([member, score]) => [member, scoreBytes(score)])
    case 'stream':
      return streamParts(reply)
    default:
      return [(reply as Buffer).subarray(0, -DUMP_TRAILER_BYTES)]
  }
}

/** Two bytes of version and eight of checksum. */
const DUMP_TRAILER_BYTES = 10

export function pairsOf(flat: readonly Buffer[]): [Buffer, Buffer][] {
  const pairs: [Buffer, Buffer][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] as Buffer, flat[at + 1] as Buffer])
  return pairs
}

/** A score as Redis writes it, as bytes that differ when it differs by the least. */
export function scoreBytes(text: Buffer): Buffer {
  const word = text.toString('latin1')
  const score = /^[+-]?inf$/i.test(word) ? (word.startsWith('-') ? -Infinity : Infinity) : Number(word)
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(score === 0 ? 0 : score)
  return bytes
}

/** A field of a flat list of names and values, as XINFO gives it; the first of the names that is there. */
export function field(flat: readonly Reply[], ...names: readonly string[]): Reply {
  for (let at = 0; at < flat.length; at += 2) {
    if (names.includes(String(flat[at]))) return flat[at + 1] ?? null
  }
  return null
}

function streamParts(reply: Reply): readonly Canonical[] {
  const stream = reply as Reply[]
  const groups = (field(stream, 'groups') as Reply[][]).map(
    (group): Canonical => [
      field(group, 'name') as Buffer,
      field(group, 'last-delivered-id') as Buffer,
      (field(group, 'consumers') as Reply[][]).map((consumer) => field(consumer, 'name') as Buffer),
      (field(group, 'pending', 'pel') as [Buffer, Buffer, number, number][]).map(([id, consumer, , count]) => [
        id,
        consumer,
        Buffer.from(String(count)),
      ]),
    ],
  )
  return [field(stream, 'last-generated-id') as Buffer, field(stream, 'entries') as Canonical, groups]
}

/** MessagePack, as the cmsgpack library of Redis writes it: arrays, and byte strings in the old string format. */
export function* packed(form: Canonical): Generator<Buffer> {
  if (Buffer.isBuffer(form)) {
    yield stringHead(form.length)
    yield form
    return
  }
  yield arrayHead(form.length)
  for (const part of form) yield* packed(part)
}

function stringHead(length: number): Buffer {
  if (length < 32) return Buffer.from([0xa0 | length])
  if (length <= 0xff) return Buffer.from([0xd9, length])
  return length <= 0xffff ? head(0xda, length, 2) : head(0xdb, length, 4)
}

function arrayHead(length: number): Buffer {
  if (length < 16) return Buffer.from([0x90 | length])
  return length <= 0xffff ? head(0xdc, length, 2) : head(0xdd, length, 4)
}

function head(first: number, length: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(1 + bytes)
  buffer[0] = first
  buffer.writeUIntBE(length, 1, bytes)
  return buffer
}
