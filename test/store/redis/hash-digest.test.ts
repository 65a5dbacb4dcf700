/** The digest of a hash from the bytes of an answer is that of its canonical form. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical, DIGEST_PREFIX, sha1 } from '../../../src/store/redis/canonical.ts'
import { HashDigests, MAX_FIELDS } from '../../../src/store/redis/hash-digest.ts'

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 250, maxLength: 260 }),
  fc.constantFrom(127, 128, 129, 65_535, 65_536).map((length) => new Uint8Array(length)),
)
const name = fc.oneof(fc.constantFrom('id', 'status', 'payload', 'a'), fc.string({ maxLength: 3 }))
const MOST_FIELDS = 40
const fields = fc
  .uniqueArray(fc.tuple(name, bytes), { minLength: 1, maxLength: MOST_FIELDS, selector: ([one]) => one })
  .map((some) => some.flatMap(([one, value]) => [Buffer.from(one), Buffer.from(value)]))

function reply(flat: readonly Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from(`*${flat.length}\r\n`),
    ...flat.flatMap((one) => [Buffer.from(`$${one.length}\r\n`), one, Buffer.from('\r\n')]),
  ])
}

test('hashes one after the other, each in two orders', () => {
  fc.assert(
    fc.property(fc.array(fields, { minLength: 1, maxLength: 5 }), (hashes) => {
      const digests = new HashDigests()
      for (const flat of hashes) {
        const turned = Array.from({ length: flat.length / 2 }, (_, nth) => flat.slice(2 * nth, 2 * nth + 2))
        for (const one of [flat, turned.toReversed().flat(), flat]) {
          const whole = Buffer.concat([Buffer.from('before'), reply(one), Buffer.from('$3\r\n')])
          const digest = digests.digest(whole, 6, whole.length - 4)
          expect(digest).toBe(`${DIGEST_PREFIX}${sha1(canonical('hash', flat))}`)
        }
      }
    }),
    { numRuns: 40 },
  )
})

test('none, and too many fields', () => {
  const many = (count: number) => Array.from({ length: 2 * count }, (_, nth) => Buffer.from(`text ${nth}`))
  const digestOf = (flat: readonly Buffer[]) => new HashDigests().digest(reply(flat), 0, reply(flat).length)
  expect(digestOf([])).toBeUndefined()
  expect(digestOf(many(MAX_FIELDS))).toBe(`${DIGEST_PREFIX}${sha1(canonical('hash', many(MAX_FIELDS)))}`)
  expect(digestOf(many(MAX_FIELDS + 1))).toBeUndefined()
})
