/** A line that is read without JSON.parse is one that JSON.parse reads as the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DECIDES } from '../../src/record/deciding.ts'
import { setFields } from '../../src/record/line.ts'
import { OpenLineReader } from '../../src/record/open-line.ts'
import { recordProblem } from '../../src/record/record.ts'
import { RECORD_SCHEMA } from '../record-schema.ts'

const read = (text: string) => new OpenLineReader().read(text, 0)

describe('is read as it is', () => {
  test.each([
    ['{"key":"a"}'],
    ['{"key":""}'],
    ['{"store":"redis://h/0","key":"é鍵😀","type":"hash","size":0,"x":-1.50e+3,"ok":true,"no":null}'],
    ['{"key":"a","__proto__":"b","keys":1,"outcomes":2,"mtime":"2026-01-01T00:00:00.000Z"}'],
  ])('%s', (text) => {
    const line = read(`${text}\n{"key":"next"}`)
    expect(line?.open).toEqual(pick(JSON.parse(text)))
    expect(line?.text).toBe(text)
    expect(line?.record).toEqual(JSON.parse(text))
    expect(line?.open).toBeUndefined()
  })
})

describe('is left to JSON.parse', () => {
  test.each([
    ['{"key":"a"'],
    ['{"key":"a"}}'],
    ['{"key":"a",}'],
    ['{"key":"a"} '],
    ['{"key":"a\\n"}'],
    ['{"key":"a\t"}'],
    ['{"key":"a","n":01}'],
    ['{"key":"a","n":1.}'],
    ['{"key":"a","v":{}}'],
    ['{"key":"a","to":"b"}'],
    ['{"key":"a","outcome":"done"}'],
    ['{"key":"a","verified":false}'],
    ['{"key":"a","key":"b"}'],
    ['{"key":"a","k\\u0065y":"b"}'],
    ['{"key64":"YQ=="}'],
    ['{"type":"hash","key":"a"}'],
    ['["key"]'],
    [''],
  ])('%s', (text) => expect(read(text)).toBeUndefined())
})

test.each(Object.keys(RECORD_SCHEMA.properties))(
  'behind the key "%s" is left to JSON.parse if tools decide by it',
  (name) => {
    expect(Object.keys(DECIDES)).toContain(name)
    expect(read(`{"key":"a","${name}":"b"}`) === undefined).toBe(DECIDES[name as keyof typeof DECIDES])
  },
)

const word = fc.constantFrom('store', 'key', 'to', 'outcome', 'size', 'x', 'é', '\\', '\u0001', 'verified')
const value = fc.oneof(
  word.map((text) => `"${text}"`),
  fc.json(),
  fc.constantFrom('01', '-', '1e', '.5', 'nul', '"'),
)
const member = fc.tuple(word, value).map(([name, text]) => `"${name}":${text}`)
const lineText = fc
  .tuple(
    fc.constantFrom('', '"store":"s",'),
    fc.array(member, { maxLength: 4 }),
    fc.constantFrom('}', '}}', ' }', '},'),
  )
  .map(([store, members, end]) => `{${store}"key":"k"${members.map((text) => `,${text}`).join('')}${end}`)

test('whatever stands in it', () => {
  fc.assert(
    fc.property(lineText, (text) => {
      const line = read(text)
      if (line === undefined) return
      const record = JSON.parse(text)
      expect(recordProblem(record)).toBeUndefined()
      expect(line.open).toEqual(pick(record))
      expect([record.to, record.outcome, record.verified]).toEqual([undefined, undefined, undefined])
      setFields(line, { outcome: 'done' })
      expect(JSON.parse(line.text)).toEqual({ ...record, outcome: 'done' })
    }),
    { numRuns: 3000 },
  )
})

function pick({ store, key }: { store?: string; key?: string }) {
  return store === undefined ? { key } : { store, key }
}
