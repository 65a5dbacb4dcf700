import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSubstitution } from '../../src/transform/substitution.ts'

test.each([
  ['a prefix', 's/^job:/step:/', 'job:1', 'step:1'],
  ['only the first', 's/a/b/', 'aaa', 'baa'],
  ['all, by g', 's/a/b/g', 'aaa', 'bbb'],
  ['whatever the case, by i', 's/A/b/gi', 'aAa', 'bbb'],
  ['line by line, by m', 's/^/> /gm', 'a\nb', '> a\n> b'],
  ['a dot for newlines, by s', 's/a.b/c/s', 'a\nb', 'c'],
  ['whole characters, by u', 's/^./x/u', '😀a', 'xa'],
  ['sets of characters, by v', 's/[\\w--a]/x/v', 'ab', 'ax'],
  ['nothing in the place of a match', 's/a//g', 'banana', 'bnn'],
  ['what does not match', 's/x/y/', 'abc', 'abc'],
  ['an empty pattern', 's//x/', 'a', 'xa'],
  ['another delimiter', 's|^a/b|c/d|', 'a/b/c', 'c/d/c'],
  ['a delimiter of two units', 's😀a😀b😀g', 'aa', 'bb'],
  ['a delimiter behind a backslash', 's/a\\/b/c\\/d/', 'a/b', 'c/d'],
  ['a delimiter that means something, behind a backslash', 's|a\\|b|c\\|d|', 'a|b', 'c|d'],
  ['a delimiter that means something, plain', 's.a\\.c.x.', 'abc a.c', 'abc x'],
  ['a delimiter in brackets', 's/[^/]*$/x/', 'a/b', 'a/x'],
  ['a delimiter behind a bracket behind a backslash', 's/\\[/(/', '[a', '(a'],
  ['groups', 's/(\\w+)-(\\w+)/$2-$1/', 'a-b', 'b-a'],
  ['ten groups', 's/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)/$10$1/', 'abcdefghij', 'ja'],
  ['a group and a digit', 's/(a)/$10/', 'a', 'a0'],
  ['a named group', 's/(?<year>\\d+)/$<year>!/', '2026', '2026!'],
  ['a group that takes no part', 's/(a)|(b)/<$2>/', 'a', '<>'],
  ['all that matched', 's/b+/[$&]/', 'abbc', 'a[bb]c'],
  ['a dollar sign', 's/a/$$1/', 'a', '$1'],
  ['a dollar sign that stands alone', 's/a/$/', 'a', '$'],
  ['backslash, newline, tab', 's/a/\\\\\\n\\t/', 'a', '\\\n\t'],
])('%s: %s', (_, expression, text, expected) => {
  expect(parseSubstitution(expression).apply(text)).toBe(expected)
})

test('with g it has no memory of the text before', () => {
  const sub = parseSubstitution('s/a/b/g')
  expect(['xxa', 'a', 'aa'].map(sub.apply)).toEqual(['xxb', 'b', 'bb'])
})

describe('an error names the expression and says what is wrong', () => {
  test.each([
    ['nothing at all', '', 'must have the form'],
    ['another command', 'y/a/b/', 'must have the form'],
    ['no delimiter', 's', 'must have the form'],
    ['a backslash for a delimiter', 's\\a\\b\\', 'must have the form'],
    ['no second delimiter', 's/a', 'the second "/" is missing'],
    ['no third delimiter', 's/a/b', 'the third "/" is missing'],
    ['a bracket that swallows the delimiters', 's/[a/b/', 'the second "/" is missing'],
    ['an unknown flag', 's/a/b/x', 'there is no flag "x"; the flags are g i m s u v'],
    ['a delimiter too many', 's/a/b/c/', 'there is no flag "c"'],
    ['a flag that JavaScript keeps state by', 's/a/b/y', 'there is no flag "y"'],
    ['a flag twice', 's/a/b/gg', 'nvalid flags'],
    ['flags that exclude each other', 's/a/b/uv', 'nvalid flags'],
    ['a broken expression', 's/(a/b/', 'Unterminated group'],
    ['a broken range', 's/[b-a]/c/', 'out of order'],
    ["sed's group", 's/(a)/\\1/', 'write $1 for the group, not \\1'],
    ["sed's whole match", 's/(a)/\\0/', 'write $& for the group, not \\0'],
    ['an escape that means nothing', 's/a/\\d/', '"\\d" means nothing'],
    ['a group that is not there', 's/(a)/$2/', 'there is no group $2; there is one group'],
    ['groups that are not there', 's/a/$1/', 'there is no group $1; there are 0 groups'],
    ["perl's whole match", 's/a/$0/', 'write $& for all that matched, not $0'],
    ['a name that is not there', 's/(?<a>x)/$<b>/', 'there is no group $<b>; there are a'],
    ['a name where none has one', 's/(x)/$<b>/', 'the expression names no groups'],
  ])('%s', (_, expression, problem) => {
    expect(() => parseSubstitution(expression)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining(problem) }),
    )
    expect(() => parseSubstitution(expression)).toThrow(`--sub ${JSON.stringify(expression)}: `)
  })
})

describe('a prefix in the place of another', () => {
  test.each([
    ['s/^job:/step:/', { from: 'job:', to: 'step:' }],
    ['s#^a/b#c/#g', { from: 'a/b', to: 'c/' }],
    ['s/^a\\/b\\.c//u', { from: 'a/b.c', to: '' }],
    ['s.^a\\.b.c.', { from: 'a.b', to: 'c' }],
    ['s/^/x/', { from: '', to: 'x' }],
    ['s/^😀é/鍵/', { from: '😀é', to: '鍵' }],
    ['s/job:/step:/', undefined],
    ['s/^job:/step:/i', undefined],
    ['s/^job:/step:/m', undefined],
    ['s/^job:/$&/', undefined],
    ['s/^job./step:/', undefined],
    ['s/^jobs?/step:/', undefined],
    ['s/^a|b/c/', undefined],
    ['s/^(a)/c/', undefined],
    ['s/^\\d/c/', undefined],
    ['s/^\\ud83d/c/', undefined],
    ['s/^a$/c/', undefined],
  ])('%s', (expression, renaming) => expect(parseSubstitution(expression).renaming).toEqual(renaming))

  test('is what the expression says', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      '.',
      '\\.',
      '\\/',
      '\\u0061',
      '#',
      '-',
      '\\-',
      '😀',
      '\\n',
      '^',
      '$',
      '(?:)',
      ' ',
    )
    const flags = fc.constantFrom('', 'g', 's', 'u', 'gu', 'v')
    const text = fc.array(fc.constantFrom('a', 'b', '.', '/', '#', '-', '😀', '\n', ' '), { maxLength: 4 })
    const expression = fc.tuple(fc.array(piece, { maxLength: 3 }), fc.constantFrom('', 'x', '-'), flags)
    fc.assert(
      fc.property(expression, text, ([pieces, into, letters], chars) => {
        let regex: RegExp
        try {
          regex = new RegExp(`^${pieces.join('')}`, letters)
        } catch {
          return
        }
        const { apply } = parseSubstitution(`s/^${pieces.join('')}/${into}/${letters}`)
        expect(apply(chars.join(''))).toBe(chars.join('').replace(regex, into))
      }),
      { numRuns: 3000 },
    )
  })
})
