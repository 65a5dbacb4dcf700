import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fingerprinter } from '../../src/record/fingerprint.ts'
import type { Key } from '../../src/record/key.ts'

/** The 16 bytes as the reference implementation writes them to memory on a little-endian machine. */
function fingerprint(key: Key, seed: number, fingerprinter = new Fingerprinter()): Buffer {
  fingerprinter.take(key, seed)
  const bytes = Buffer.alloc(16)
  for (const [at, word] of fingerprinter.words.entries()) bytes.writeInt32LE(word, at * 4)
  return bytes
}

/** The four words as unsigned hexadecimal numbers, the form of the published examples. */
function hex(key: Key, seed: number): string {
  const bytes = fingerprint(key, seed)
  return [0, 4, 8, 12].map((at) => bytes.readUInt32LE(at).toString(16).padStart(8, '0')).join('')
}

describe('MurmurHash3_x86_128', () => {
  // from the test.c of github.com/PeterScott/murmur3
  test.each([
    ['Hello, world!', 123, '61c9129e5a1aacd7a41621629e37c886'],
    ['Hello, world!', 321, 'd5fbdcb3c26c4193045880c5a7170f0f'],
    ['xxxxxxxxxxxxxxxxxxxxxxxxxxxx', 123, '5e40bab278825a164cf929d31fec6047'],
    ['', 123, 'fedc524526f3e79926f3e79926f3e799'],
    // from the README of npm murmurhash3js
    ["I will not buy this tobacconist's, it is scratched.", 0, '9b5b7ba2ef3f7866889adeaf00f3f98e'],
    ['', 0, '00000000000000000000000000000000'],
  ])('of %j under %i', (key, seed, expected) => expect(hex(key, seed)).toBe(expected))

  test('has the verification value that its author published with SMHasher', () => {
    const fingerprinter = new Fingerprinter()
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
    const hashes = Array.from(bytes, (at) => fingerprint(bytes.subarray(0, at), 256 - at, fingerprinter))
    expect(fingerprint(Buffer.concat(hashes), 0, fingerprinter).readUInt32LE(0)).toBe(0xb3ece62a)
  })

  test('a string and its UTF-8 bytes are one key, whatever came before', () => {
    const fingerprinter = new Fingerprinter()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 3000 }), fc.integer(), (text, seed) => {
        expect(fingerprint(text, seed, fingerprinter)).toEqual(fingerprint(Buffer.from(text), seed))
      }),
    )
  })

  test('a key longer than any before it', () => {
    const fingerprinter = new Fingerprinter()
    for (const length of [10, 4079, 4080, 4081, 5000, 100_000, 3]) {
      expect(fingerprint('é'.repeat(length), 7, fingerprinter)).toEqual(fingerprint(Buffer.from('é'.repeat(length)), 7))
    }
  })
})
