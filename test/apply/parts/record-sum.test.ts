import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordSum } from '../../../src/apply/parts/record-sum.ts'
import { newLine } from '../../../src/record/line.ts'

function sumOf(keys: readonly string[]): RecordSum {
  const sum = new RecordSum()
  sum.addAll(keys.map((key) => newLine({ key, to: `new/${key}` })))
  return sum
}

const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 })

test('two sums are equal when the records are the same, each as often, in whatever order', () => {
  fc.assert(
    fc.property(keys, keys, (some, others) => {
      const areSame = JSON.stringify([...some].sort()) === JSON.stringify([...others].sort())
      expect(sumOf(some).equals(sumOf(others))).toBe(areSame)
      expect(sumOf(some).equals(sumOf([...some].reverse()))).toBe(true)
    }),
  )
})

test('what has become of a record does not change it, another destination does', () => {
  const sum = new RecordSum()
  sum.addAll([newLine({ key: 'a', to: 'new/a', outcome: 'done', ms: 1 })])
  expect(sum.equals(sumOf(['a']))).toBe(true)
  const other = new RecordSum()
  other.addAll([newLine({ key: 'a', to: 'old/a' })])
  expect(other.equals(sumOf(['a']))).toBe(false)
})
