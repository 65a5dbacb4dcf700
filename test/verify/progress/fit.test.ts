/** What of a line a terminal has room for. */
import { expect, test } from 'vitest'
import { fit } from '../../../src/verify/progress/fit.ts'

test.each([
  ['plain text', 'abcdef', 4, 'abcd'],
  ['a line with room to spare', 'abc', 4, 'abc'],
  ['East Asian writing, of two cells each', '日本語', 4, '日本'],
  ['half a cell too few', '日本語', 5, '日本'],
  ['full-width forms', 'ａｂｃ', 4, 'ａｂ'],
  ['pictures, none of them cut in two', '😀😀😀', 5, '😀😀'],
  ['marks upon a letter', 'e\u0301e\u0301e\u0301', 2, 'e\u0301e\u0301'],
  ['a mixture', 'a 日b', 4, 'a 日'],
  ['an empty line', '', 4, ''],
])('%s', (_, line, columns, shown) => expect(fit(line, columns)).toBe(shown))
