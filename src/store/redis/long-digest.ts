/**
 * Digests of contents that are too large to be read at once: read in ranges, so that the server is never held for long.
 * What has an order is hashed in it; of what has none the SHA-1 of each element is added up, modulo 2^160.
 * Holds one range, and 12 to 16 bytes an element of what has no order, because SCAN may give an element twice.
 */
import { createHash } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import { FingerprintSet } from '../../record/fingerprint-set.ts'
import type { Key } from '../../record/key.ts'
import { keyOf } from '../../record/key.ts'
import type { Ask } from './ask.ts'
import type { Canonical } from './canonical.ts'
import { field, packed, pairsOf, scoreBytes, sha1 } from './canonical.ts'
import type { Reply, Request } from './connection.ts'

const RANGE = 1000
const STRING_RANGE_BYTES = 1_048_576
const MODULUS = 1n << 160n

/** The digest, hexadecimal; undefined for a key that has gone. Equal contents have equal sizes, and so the same way. */
export async function digestInRanges(
  type: string,
  key: Key,
  size: number,
  ask: Ask,
): Promise<string | undefined | RekeyError> {
  const one = async (...request: Request): Promise<Reply> => {
    const [answer] = await ask([key], [request])
    if (answer instanceof RekeyError) throw answer
    return answer ?? null
  }
  try {
    const whole = await wholeOf(type, key, size, one)
    return sha1([Buffer.from('long'), Buffer.from(type), Buffer.from(String(size)), Buffer.from(whole, 'hex')])
  } catch (thrown) {
    if (thrown instanceof RekeyError) return thrown
    throw thrown
  }
}

type Element = readonly [Buffer, ...Buffer[]]
type One = (...request: Request) => Promise<Reply>

async function wholeOf(type: string, key: Key, size: number, one: One): Promise<string> {
  switch (type) {
    case 'string':
      return inOrder(stringRanges(key, size, one))
    case 'list':
      return inOrder(listRanges(key, size, one))
    case 'stream':
      return inOrder(streamRanges(key, one))
    default:
      return withoutOrder(scanned(type, key, one), type === 'zset')
  }
}

async function inOrder(forms: AsyncIterable<Canonical>): Promise<string> {
  const hash = createHash('sha1')
  for await (const form of forms) for (const piece of packed(form)) hash.update(piece)
  return hash.digest('hex')
}

async function withoutOrder(elements: AsyncIterable<Element>, areScores: boolean): Promise<string> {
  const seen = new FingerprintSet()
  let sum = 0n
  for await (const element of elements) {
    if (!seen.add(keyOf(element[0]))) continue
    const form = areScores ? [element[0], scoreBytes(element[1] as Buffer)] : element
    sum = (sum + BigInt(`0x${sha1(form)}`)) % MODULUS
  }
  return sum.toString(16).padStart(40, '0')
}

async function* stringRanges(key: Key, size: number, one: One): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += STRING_RANGE_BYTES) {
    yield (await one('GETRANGE', key, String(at), String(at + STRING_RANGE_BYTES - 1))) as Buffer
  }
}

async function* listRanges(key: Key, size: number, one: One): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += RANGE) {
    yield* (await one('LRANGE', key, String(at), String(at + RANGE - 1))) as Buffer[]
  }
}

/** Members of a set, or those of a hash or sorted set with value or score; some perhaps twice. Throws a RekeyError. */
export async function* scanned(type: string, key: Key, one: One): AsyncGenerator<Element> {
  const command = type === 'set' ? 'SSCAN' : type === 'hash' ? 'HSCAN' : 'ZSCAN'
  let cursor: string | Buffer = '0'
  do {
    const [next, flat] = (await one(command, key, cursor, 'COUNT', String(RANGE))) as [Buffer, Buffer[]]
    if (type === 'set') for (const member of flat) yield [member]
    else yield* pairsOf(flat)
    cursor = next
  } while (cursor.toString('latin1') !== '0')
}

async function* streamRanges(key: Key, one: One): AsyncGenerator<Canonical> {
  const stream = (await one('XINFO', 'STREAM', key)) as Reply[]
  yield field(stream, 'last-generated-id') as Buffer
  yield* idRanges((from) => one('XRANGE', key, from, '+', 'COUNT', String(RANGE)))
  for (const group of (await one('XINFO', 'GROUPS', key)) as Reply[][]) {
    const name = field(group, 'name') as Buffer
    yield [name, field(group, 'last-delivered-id') as Buffer]
    yield ((await one('XINFO', 'CONSUMERS', key, name)) as Reply[][]).map(
      (consumer) => field(consumer, 'name') as Buffer,
    )
    const pending = idRanges((from) => one('XPENDING', key, name, from, '+', String(RANGE)))
    for await (const [id, consumer, , count] of pending) {
      yield [id, consumer as Buffer, Buffer.from(String(count))]
    }
  }
}

type WithId = readonly [id: Buffer, ...rest: Canonical[]]

/** What is listed by id, a range after the other; each begins behind the last id of the one before. */
async function* idRanges(range: (from: string) => Promise<Reply>): AsyncGenerator<WithId> {
  let from = '-'
  while (true) {
    const items = (await range(from)) as unknown as WithId[]
    yield* items
    if (items.length < RANGE) return
    from = `(${(items.at(-1) as WithId)[0].toString('latin1')}`
  }
}
