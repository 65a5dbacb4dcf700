/** What is found in any order, of names in any order, beside what nobody looks for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RekeyError } from '../../../src/record/errors.ts'
import { inOrder, isAscending } from '../../../src/store/s3/key-order.ts'
import { Sought } from '../../../src/store/s3/sought.ts'

const name = fc.oneof(fc.stringMatching(/^[ab]{0,3}$/), fc.constantFrom('\ud83d\ude00', '\uffff', 'é'))
const object = (key: string) => ({ key, sizeBytes: 1, etag: key, mtimeMs: 0 })

test('each name has the answer that a map has', () => {
  fc.assert(
    fc.property(fc.array(name), fc.array(name), fc.boolean(), (names, present, isListed) => {
      const failure = new RekeyError('E_NAME', 'no')
      const asked = [...names, failure]
      const objects = (isListed ? inOrder(present) : present).map(object)
      const sought = new Sought(inOrder(names))
      for (const one of objects) sought.answer(one.key, one)
      const found = new Map(objects.map((one) => [one.key, one]))
      expect(sought.answersTo(asked)).toEqual([...names.map((one) => found.get(one)), failure])
    }),
  )
})

test('names are put in the order of their bytes, each once', () => {
  fc.assert(
    fc.property(fc.array(name), (names) => {
      const bytes = (one: string) => Buffer.from(one)
      const expected = [...new Set(names)].sort((one, other) => Buffer.compare(bytes(one), bytes(other)))
      expect(inOrder(names)).toEqual(expected)
      expect(isAscending(names)).toBe(
        names.length === expected.length && names.every((one, at) => one === expected[at]),
      )
    }),
  )
})
