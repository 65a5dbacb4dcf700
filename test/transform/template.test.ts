import { describe, expect, test } from 'vitest'
import { parseTemplate } from '../../src/transform/template.ts'
import { Unfit } from '../../src/transform/unfit.ts'

const LINE =
  '{"key":"a/B.json","size":12,"type":"hash","to":"c","value":{"domain":"Acme Tools.com","id":12345678901234567890,' +
  '"n":1.50,"none":null,"yes":true,"list":["x"],"empty":"","deep":{"er":{"name":"x"}},"a|b":"bar"},"extra":"own"}'

test.each([
  ['plain text', 'a/b.json', 'a/b.json'],
  ['the key', '{key}', 'a/B.json'],
  ['a field of the record', '{type}/{size}', 'hash/12'],
  ['a field that rekey does not know', '{extra}', 'own'],
  ['a field of the value', 'd/{value.domain}.json', 'd/Acme Tools.com.json'],
  ['a field far below', '{value.deep.er.name}', 'x'],
  ['a rule', 'd/{value.domain|slugdotify}.json', 'd/acme-tools.com.json'],
  ['a chain of rules, in order', '{value.domain|slugdotify|slugify}', 'acme-tools-com'],
  ['blanks', '{ value.domain | lower }', 'acme tools.com'],
  ['a number beyond 2^53, to the letter', '{value.id}', '12345678901234567890'],
  ['a number as it is written', '{value.n}', '1.50'],
  ['braces', '{{{key}}}', '{a/B.json}'],
  ['braces alone', '{{}}', '{}'],
  ['a field twice', '{type}{type}', 'hashhash'],
  ['a rule on the whole text, dots and slashes too', '{key|slugify}', 'a/b-json'],
  ['nothing', '', ''],
])('%s: %s', (_, template, expected) => {
  expect(fill(template)).toBe(expected)
})

test('{key} is the key so far', () => {
  expect(fill('{key}', 'mapped')).toBe('mapped')
})

describe('a record without what is asked for is unfit', () => {
  test.each([
    ['a missing field', '{value.city}', '{value.city} of --template: the record has no such field'],
    ['a field of the prototype', '{value.constructor}', 'no such field'],
    ['a field below text', '{type.length}', 'no such field'],
    ['an item of a list', '{value.list.0}', 'no such field'],
    ['null', '{value.none}', 'must be text or a number'],
    ['true', '{value.yes}', 'must be text or a number'],
    ['an object', '{value.deep}', 'must be text or a number'],
    ['a list', '{value.list}', 'must be text or a number'],
    ['empty text', 'd/{value.empty}.json', '{value.empty} of --template comes to nothing'],
  ])('%s', (_, template, problem) => {
    expect(fill(template)).toMatchObject({ message: expect.stringContaining(problem) })
    expect(fill(template)).toBeInstanceOf(Unfit)
  })

  test('a rule that leaves nothing', () => {
    expect(fill('{value.d|slugify}', 'a', '{"key":"a","value":{"d":"--"}}')).toMatchObject({
      message: '{value.d} of --template comes to nothing',
    })
  })

  test('listed without values, or no text: it is said', () => {
    expect(fill('{value.d}', 'a', '{"key":"a"}')).toMatchObject({ message: expect.stringContaining('--values') })
    expect(fill('{value.d}', 'a', '{"key":"a","value64":"/w=="}')).toMatchObject({
      message: expect.stringContaining('the content is not text'),
    })
  })

  test('a key that is no text', () => {
    expect(fill('{key}', Buffer.from([255]))).toMatchObject({ message: expect.stringContaining('--map') })
    expect(fill('x/{type}', Buffer.from([255]))).toBe('x/hash')
  })
})

describe('an error names the template', () => {
  test.each([
    ['a brace that is not closed', 'a{key', 'a "{" stands alone; write {{'],
    ['a brace that is not opened', 'a}b', 'a "}" stands alone; write }}'],
    ['a brace within a field', '{a{b}', 'a "{" stands alone'],
    ['an empty field', 'a{}', '{} names no field'],
    ['an empty step', '{value..a}', '{value..a} names no field'],
    ['only a rule', '{|lower}', '{|lower} names no field'],
    ['an unknown rule', '{key|upper}', 'there is no rule "upper"'],
    ['an empty rule', '{key|}', 'there is no rule ""'],
  ])('%s', (_, template, problem) => {
    expect(() => parseTemplate(template)).toThrow(
      expect.objectContaining({ code: 'E_USAGE', message: expect.stringContaining(problem) }),
    )
    expect(() => parseTemplate(template)).toThrow(`--template ${JSON.stringify(template)}`)
  })
})

function fill(template: string, key: string | Buffer = 'a/B.json', text = LINE): string | Unfit {
  return parseTemplate(template)(key, { text, record: JSON.parse(text), cameAs: undefined })
}
