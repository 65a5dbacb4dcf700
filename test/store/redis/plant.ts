/** Contents of every Redis type, and a plain client's way to store them. */
import fc from 'fast-check'
import type { Redis } from 'ioredis'

export interface Group {
  readonly name: Buffer
  readonly consumers: readonly Buffer[]
  /** how many entries the first consumer reads and does not acknowledge */
  readonly pending: number
}

export type Planted =
  | { readonly type: 'string'; readonly value: Buffer }
  | { readonly type: 'list' | 'set'; readonly elements: readonly Buffer[] }
  | { readonly type: 'hash'; readonly pairs: readonly (readonly [Buffer, Buffer])[] }
  | { readonly type: 'zset'; readonly scores: readonly (readonly [Buffer, string])[] }
  | {
      readonly type: 'stream'
      readonly entries: readonly (readonly (readonly [Buffer, Buffer])[])[]
      readonly groups: readonly Group[]
    }

/** Replaces what is at `key`. */
export async function plant(client: Redis, key: string | Buffer, content: Planted): Promise<void> {
  await client.del(key)
  switch (content.type) {
    case 'string':
      await client.set(key, content.value)
      return
    case 'list':
      await client.rpush(key, ...content.elements)
      return
    case 'set':
      await client.sadd(key, ...content.elements)
      return
    case 'hash':
      await client.call('HSET', [key, ...content.pairs.flat()])
      return
    case 'zset':
      await client.call('ZADD', [key, ...content.scores.flatMap(([member, score]) => [score, member])])
      return
    case 'stream':
      for (const [at, fields] of content.entries.entries())
        await client.call('XADD', [key, `${at + 1}-7`, ...fields.flat()])
      for (const group of content.groups) await plantGroup(client, key, group)
  }
}

async function plantGroup(client: Redis, key: string | Buffer, { name, consumers, pending }: Group): Promise<void> {
  await client.call('XGROUP', ['CREATE', key, name, '0'])
  for (const consumer of consumers) await client.call('XGROUP', ['CREATECONSUMER', key, name, consumer])
  const [first] = consumers
  if (first === undefined || pending === 0) return
  await client.call('XREADGROUP', ['GROUP', name, first, 'COUNT', String(pending), 'STREAMS', key, '>'])
}

const bytes = fc.oneof(
  fc.string({ maxLength: 20 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array)),
  fc
    .constantFrom('', ' ', '\n', '\0', 'a', 'B', '_', 'é', '12', '-0', 'x'.repeat(31), 'x'.repeat(32), 'y'.repeat(300))
    .map((text) => Buffer.from(text)),
)
const some = { minLength: 1, maxLength: 30 }
const distinct = fc.uniqueArray(bytes, { ...some, comparator: (a, b) => a.equals(b) })
const fields = fc.array(fc.tuple(bytes, bytes), some)
const score = fc.oneof(
  fc.double({ noNaN: true }).map(scoreText),
  fc.constantFrom(
    'inf',
    '-inf',
    '0',
    '-0',
    '9007199254740993',
    '100000000000000.125',
    '1e-320',
    '1.7976931348623157e308',
  ),
)

export const content: fc.Arbitrary<Planted> = fc.oneof(
  fc.record({ type: fc.constant('string' as const), value: bytes }),
  fc.record({ type: fc.constant('list' as const), elements: fc.array(bytes, some) }),
  fc.record({ type: fc.constant('set' as const), elements: distinct }),
  fc.record({ type: fc.constant('hash' as const), pairs: fields }),
  fc.record({ type: fc.constant('zset' as const), scores: fc.array(fc.tuple(bytes, score), some) }),
  fc.record({
    type: fc.constant('stream' as const),
    entries: fc.array(fields, { minLength: 1, maxLength: 5 }),
    groups: fc.uniqueArray(fc.record({ name: bytes, consumers: distinct, pending: fc.integer({ min: 0, max: 5 }) }), {
      maxLength: 3,
      comparator: (a, b) => a.name.equals(b.name),
    }),
  }),
)

function scoreText(number: number): string {
  if (number === Infinity) return 'inf'
  return number === -Infinity ? '-inf' : String(number)
}
