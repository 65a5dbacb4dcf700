import { describe, expect, test } from 'vitest'
import type { Line } from '../../src/record/line.ts'
import { addTo, memberText, newLine, setFields, settleFailed, settleSkipped } from '../../src/record/line.ts'
import { memberSpans } from '../../src/record/members.ts'

const lineOf = (text: string): Line => ({ text, record: JSON.parse(text) })

/** The text after the change; the record must say the same as the text. */
function changed(text: string, change: (line: Line) => void): string {
  const line = lineOf(text)
  change(line)
  expect(JSON.parse(line.text)).toEqual(line.record)
  return line.text
}

describe('setFields', () => {
  test.each<[string, string, Record<string, unknown>, string]>([
    ['adds at the end', '{"key":"a"}', { to: 'b' }, '{"key":"a","to":"b"}'],
    ['adds several in their order', '{"key":"a"}', { to: 'b', tries: 2 }, '{"key":"a","to":"b","tries":2}'],
    ['adds to an object that is empty', '{}', { key: 'a' }, '{"key":"a"}'],
    ['adds to an object of spaces', '{ \t}', { key: 'a' }, '{"key":"a"}'],
    ['adds behind white space', '{"key":"a" }', { to: 'b' }, '{"key":"a" ,"to":"b"}'],
    [
      'keeps numbers to the letter',
      '{"key":"a","n":12345678901234567890,"x":1.0,"y":1e400,"z":-0}',
      { to: 'b' },
      '{"key":"a","n":12345678901234567890,"x":1.0,"y":1e400,"z":-0,"to":"b"}',
    ],
    [
      'keeps spelling and space to the letter',
      '{ "key" : "a" , "x" : "\\u00e9\\/" , "y" : [ 1 , 2 ] }',
      { key: 'b' },
      '{ "key" : "b" , "x" : "\\u00e9\\/" , "y" : [ 1 , 2 ] }',
    ],
    ['replaces in its place', '{"to":"b","key":"a"}', { to: 'c' }, '{"to":"c","key":"a"}'],
    [
      'replaces a nested object',
      '{"key":"a","value":{"b":[{"c":"}"}]},"x":1}',
      { value: 7 },
      '{"key":"a","value":7,"x":1}',
    ],
    ['replaces a number before a space', '{"key":"a","size": 12 ,"x":1}', { size: 3 }, '{"key":"a","size": 3 ,"x":1}'],
    ['replaces what is null', '{"key":"a","to":null}', { to: 'b' }, '{"key":"a","to":"b"}'],
    [
      'does not take a nested name for its own',
      '{"value":{"to":"x"},"key":"a"}',
      { to: 'b' },
      '{"value":{"to":"x"},"key":"a","to":"b"}',
    ],
    [
      'does not take a value for a name',
      '{"key":"to","x":"to\\":1"}',
      { to: 'b' },
      '{"key":"to","x":"to\\":1","to":"b"}',
    ],
    [
      'knows a name that is written with escapes',
      '{"key":"a","\\u0074o":"x"}',
      { to: 'b' },
      '{"key":"a","\\u0074o":"b"}',
    ],
    [
      'of a name that stands twice, the one that counts',
      '{"to":"x","key":"a","to":"y"}',
      { to: 'b' },
      '{"to":"x","key":"a","to":"b"}',
    ],
    ['removes the first', '{"to":"b","key":"a"}', { to: undefined }, '{"key":"a"}'],
    ['removes one between', '{"key":"a","to":"b","x":1.0}', { to: undefined }, '{"key":"a","x":1.0}'],
    ['removes the last', '{"key":"a","to":"b"}', { to: undefined }, '{"key":"a"}'],
    ['removes the only one', '{ "to" : "b" }', { to: undefined }, '{}'],
    [
      'removes each of a name that stands twice',
      '{"to":"b","key":"a","to":"c","x":1}',
      { to: undefined },
      '{"key":"a","x":1}',
    ],
    [
      'removes with the space of its own',
      '{ "key": "a", "to": "b", "x": 1.0 }',
      { to: undefined },
      '{ "key": "a", "x": 1.0 }',
    ],
    ['removes what is not there', '{"key":"a"}', { to: undefined }, '{"key":"a"}'],
    [
      'replaces, removes and adds at once',
      '{"key":"a","to":"b","x":1.0}',
      { key: 'c', to: undefined, to64: '/w==' },
      '{"key":"c","x":1.0,"to64":"/w=="}',
    ],
    ['writes half a surrogate pair as an escape', '{"key":"a"}', { input: '\ud800' }, '{"key":"a","input":"\\ud800"}'],
    ['writes a dollar sign as it is', '{"key":"a","to":"b"}', { to: "$&$'$1" }, '{"key":"a","to":"$&$\'$1"}'],
    [
      'is not fooled by a name of Object',
      '{"key":"a","constructor":1}',
      { to: 'b' },
      '{"key":"a","constructor":1,"to":"b"}',
    ],
  ])('%s', (_name, text, fields, result) => {
    expect(changed(text, (line) => setFields(line, fields))).toBe(result)
  })
})

describe('addTo', () => {
  test.each<[string, string, string | Buffer, string]>([
    ['adds', '{"key":"a"}', 'b"\n', '{"key":"a","to":"b\\"\\n"}'],
    ['adds bytes', '{"key":"a"}', Buffer.of(0xff), '{"key":"a","to64":"/w=="}'],
    ['takes the place of bytes', '{"key":"a","to64":"/w==","x":1.0}', 'b', '{"key":"a","x":1.0,"to":"b"}'],
    ['takes the place of text', '{"key":"a","to":"b"}', Buffer.of(0xff), '{"key":"a","to64":"/w=="}'],
    ['renews', '{"key":"a","to":"b","x":1.0}', 'c', '{"key":"a","x":1.0,"to":"c"}'],
  ])('%s', (_name, text, to, result) => expect(changed(text, (line) => addTo(line, to))).toBe(result))
})

describe('a record is settled', () => {
  const failure = { code: 'E_FIELD', message: 'm', retryable: false } as const
  test('as failed, and keeps no older reason', () => {
    const text = changed('{"key":"a","outcome":"skipped","reason":"exists"}', (line) => settleFailed(line, failure))
    expect(text).toBe(`{"key":"a","outcome":"failed","error":${JSON.stringify(failure)}}`)
  })
  test('as skipped, and keeps no older error', () => {
    const text = changed('{"key":"a","outcome":"failed","error":{"code":"E_BUSY"}}', (line) =>
      settleSkipped(line, 'gone'),
    )
    expect(text).toBe('{"key":"a","outcome":"skipped","reason":"gone"}')
  })
})

describe('memberText', () => {
  test.each<[string, string, string | undefined]>([
    ['{"n":12345678901234567890}', 'n', '12345678901234567890'],
    ['{ "n" : 1.0 , "m":2}', 'n', '1.0'],
    ['{"n":{"n":[1, 2]}}', 'n', '{"n":[1, 2]}'],
    ['{"n":"a\\"b\\\\"}', 'n', '"a\\"b\\\\"'],
    ['{"n":true}', 'n', 'true'],
    ['{"n":1,"n":2}', 'n', '2'],
    ['{"":0}', '', '0'],
    ['{"m":{"n":1}}', 'n', undefined],
    ['{}', 'n', undefined],
  ])('of %s', (text, name, value) => expect(memberText(text, name)).toBe(value))
})

test('memberSpans names each member with where its value stands', () => {
  const text = '{ "a\\u0062" : [ "]" , {} ] ,"c":-1.5e+3,"a b":"\\\\" }'
  expect(memberSpans(text).map(({ name, valueStart, valueEnd }) => [name, text.slice(valueStart, valueEnd)])).toEqual([
    ['ab', '[ "]" , {} ]'],
    ['c', '-1.5e+3'],
    ['a b', '"\\\\"'],
  ])
})

test('newLine writes a record as JSON.stringify does', () => {
  expect(newLine({ key: 'é\ud800' })).toEqual({ text: '{"key":"é\\ud800"}', record: { key: 'é\ud800' } })
})
