/** A line that is read without JSON.parse is one that JSON.parse reads as the same. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { DECIDES } from '../../src/record/deciding.ts'
import { setFields } from '../../src/record/line.ts'
import { OpenLineReader, openMember } from '../../src/record/open-line.ts'
import { recordProblem } from '../../src/record/record.ts'
import { RECORD_SCHEMA } from '../record-schema.ts'

const read = (text: string) => new OpenLineReader().read(text, 0)

describe('is read as it is', () => {
  test.each([
    ['{"key":"a"}'],
    ['{"key":""}'],
    ['{"store":"redis://h/0","key":"é鍵😀","type":"hash","size":0,"x":-1.50e+3,"ok":true,"no":null}'],
    ['{"store":"s","key":"a","size":3,"to":"é"}'],
    ['{"key":"a","to":"","outcome":"done","ms":0,"at":"2026-01-01T00:00:00.000Z"}'],
    ['{"key":"a","to":"b","outcome":"done"}'],
    ['{"key":"a","to":"b","outcome":"done","toEtag":"é-2"}'],
    ['{"key":"a","etag":"e","to":"b","outcome":"done","toEtag":"e","ms":12,"at":"2026-01-01T00:00:00.000Z"}'],
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
    ['{"key":"a","to":"b","size":1}'],
    ['{"key":"a","to":1}'],
    ['{"key":"a","to":"b","to":"c"}'],
    ['{"key":"a","to":"b","outcome":"skipped","ms":0,"at":"c"}'],
    ['{"key":"a","to":"b","outcome":"done","toEtag":"e","toEtag":"f"}'],
    ['{"key":"a","to":"b","outcome":"done","toEtag":null}'],
    ['{"key":"a","to":"b","outcome":"done","ms":1}'],
    ['{"key":"a","to":"b","outcome":"done","ms":1,"at":"c","toEtag":"e"}'],
    ['{"key":"a","to":"b","outcome":"done","ms":-1,"at":"c"}'],
    ['{"key":"a","to":"b","outcome":"done","ms":01,"at":"c"}'],
    ['{"key":"a","to":"b","outcome":"done","ms":1.5,"at":"c"}'],
    ['{"key":"a","to":"b","outcome":"done","ms":1,"at":"c","tries":2}'],
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
    expect(read(`{"key":"a","${name}":"b","x":1}`) === undefined).toBe(DECIDES[name as keyof typeof DECIDES])
  },
)

const word = fc.constantFrom('store', 'key', 'to', 'outcome', 'size', 'x', 'é', '\\', '\u0001', 'verified')
const value = fc.oneof(
  word.map((text) => `"${text}"`),
  fc.json(),
  fc.constantFrom('01', '-', '1e', '.5', 'nul', '"'),
)
const member = fc.tuple(word, value).map(([name, text]) => `"${name}":${text}`)
const settled = fc.constantFrom(
  '',
  ',"to":"é"',
  ',"to":"t","outcome":"done","ms":7,"at":"2026"',
  ',"to":"t","outcome":"done","toEtag":"e"',
  ',"outcome":"done"',
)
const lineText = fc
  .tuple(
    fc.constantFrom('', '"store":"s",'),
    fc.array(member, { maxLength: 4 }),
    settled,
    fc.constantFrom('}', '}}', ' }', '},'),
  )
  .map(([store, members, ...rest]) => `{${store}"key":"k"${members.map((text) => `,${text}`).join('')}${rest.join('')}`)

test('whatever stands in it', () => {
  fc.assert(
    fc.property(lineText, (text) => {
      const line = read(text)
      if (line === undefined) return
      const record = JSON.parse(text)
      expect(recordProblem(record)).toBeUndefined()
      expect(line.open).toEqual(pick(record))
      expect(line.cameAs).toBe(record.outcome)
      for (const name of ['key', 'size', 'x', 'é'])
        expect(JSON.parse(openMember(text, name) ?? 'null')).toEqual(record[name] ?? null)
      setFields(line, { outcome: 'failed' })
      expect(JSON.parse(line.text)).toEqual({ ...record, outcome: 'failed' })
    }),
    { numRuns: 3000 },
  )
})

/** Its characters are patterns too. */
const STORE = 's3://a.b+c/(d)[e]$|?^*{2}/'

test('behind many lines of one store, and behind others again, a line is read as by who has read none', () => {
  const listed = (count: number) => `{"store":"${STORE}","key":"a","size":1}\n`.repeat(count)
  const ofStores = lineText.chain((text) =>
    fc
      .constantFrom(STORE, STORE.replace('.', 'x'), 's')
      .map((store) => text.replace('"store":"s"', `"store":"${store}"`)),
  )
  const lines = fc.array(ofStores, { maxLength: 6 }).map((texts) => `${texts.join('\n')}\n`)
  fc.assert(
    fc.property(fc.array(fc.oneof(lines, fc.nat(250).map(listed)), { maxLength: 5 }), (parts) => {
      const reader = new OpenLineReader()
      const text = parts.join('')
      for (let start = 0; start < text.length; start = text.indexOf('\n', start) + 1) {
        const line = reader.read(text, start)
        const fresh = read(text.slice(start, text.indexOf('\n', start)))
        expect(line?.text).toBe(fresh?.text)
        expect(line?.open).toEqual(fresh?.open)
      }
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['that is for JSON.parse', '{"store":"s","key":"\\n"}'],
  ['of another store', '{"store":"t","key":"a"}'],
  ['with a new key', '{"store":"s","key":"a","to":"b"}'],
])('a hundred lines behind one %s, it is tried again for one as list-keys prints them', (_, odd) => {
  const reader = new OpenLineReader()
  const readListed = () => {
    for (let count = 0; count < 100; count++) reader.read('{"store":"s","key":"a"}', 0)
  }
  readListed()
  reader.read(odd, 0)
  readListed()
  const tried = vi.spyOn(RegExp.prototype, 'test')
  reader.read('{"store":"s","key":"a"}', 0)
  const tries = tried.mock.calls.length
  tried.mockRestore()
  expect(tries).toBe(1)
})

test.each([
  ['{"key":"a"}', undefined],
  ['{"key":"a","size":7}', '7'],
  ['{"key":"a","size":7,"to":"size"}', '7'],
  ['{"key":"a","size":7,"size":-8.5e3,"x":1}', '-8.5e3'],
  ['{"key":"a","x":"size","size":"7,8}","to":"b"}', '"7,8}"'],
  ['{"key":"size","size":null,"x":"sized"}', 'null'],
])('the last member of a name as it stands in %s', (text, expected) => {
  expect(openMember(text, 'size')).toBe(expected)
  expect(JSON.parse(expected ?? 'null')).toEqual(JSON.parse(text).size ?? null)
})

/** All that the record has of what tools decide by. */
function pick(record: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(Object.entries(record).filter(([name]) => DECIDES[name as keyof typeof DECIDES] === true))
}
