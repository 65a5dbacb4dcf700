/** The codec and the editing of lines for any JSON, held against JSON.parse and against npm ndjson. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import ndjson from 'ndjson'
import { expect, test } from 'vitest'
import { Encoder } from '../../src/record/encode.ts'
import { memberText, setFields } from '../../src/record/line.ts'
import { memberSpans } from '../../src/record/members.ts'
import { schemaProblem } from '../record-schema.ts'
import { linesOf } from './lines.ts'

const space = fc.stringMatching(/^[ \t]{0,2}$/)
const names = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('to', 'toStore', 'value', 'size', '__proto__', 'constructor', ''),
)
/** JSON as people and programs write it, also as JSON.stringify would never do. */
const valueTexts = fc.oneof(
  fc.json(),
  fc.constantFrom(
    '12345678901234567890',
    '1.0',
    '-0',
    '1E+5',
    '1e999',
    '"\\u0061\\/"',
    '"\\ud800"',
    '[ ]',
    '{"to":"x"}',
  ),
)
const memberTexts = fc.tuple(space, names, space, space, valueTexts, space).map(([a, name, b, c, value, d]) => ({
  name,
  value,
  text: `${a}${JSON.stringify(name)}${b}:${c}${value}${d}`,
}))
const objects = fc
  .uniqueArray(memberTexts, { selector: ({ name }) => name, maxLength: 6 })
  .map((members) => ({ members, text: `{${members.map(({ text }) => text).join(',')}}` }))

/** A record, with a key somewhere among members that rekey does not know. */
const records = fc.tuple(objects, fc.string({ unit: 'grapheme' }), fc.nat()).map(([{ members }, key, place]) => {
  const unknown = members.filter(({ name }) => !['key', 'to', 'toStore'].includes(name)).map(({ text }) => text)
  unknown.splice(place % (unknown.length + 1), 0, `"key":${JSON.stringify(key)}`)
  return `{${unknown.join(',')}}`
})

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
const lineEnds = fc.constantFrom('\n', '\r\n', '\n\n', '\n\r\n')

test('what is decoded and encoded again is what came, and says what JSON.parse says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(records), sizes, async (texts, chunkSizes) => {
      const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''))
      const lines = await linesOf(cut(bytes, chunkSizes))
      expect(new Encoder().encode(lines).equals(bytes)).toBe(true)
      expect(lines.map(({ record }) => record)).toEqual(texts.map((text) => JSON.parse(text)))
    }),
  )
})

test('any lines: npm ndjson reads the same records, and every other line comes out as one that failed', async () => {
  const anyLine = fc.oneof(
    records,
    objects.map(({ text }) => text),
    valueTexts,
    fc.string({ unit: 'binary' }).map(oneLine),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(anyLine, lineEnds)), sizes, async (pairs, chunkSizes) => {
      const bytes = Buffer.from(pairs.flat().join(''))
      const lines = await linesOf(cut(bytes, chunkSizes))
      const good = lines.filter(({ record }) => record.error?.code !== 'E_INPUT')
      const reference = await readByNdjson(cut(Buffer.from(pairs.filter(isNotNull).flat().join('')), chunkSizes))
      expect(good.map(({ record }) => record)).toEqual(reference.filter(isRecord))
      expect(lines.filter((line) => !good.includes(line)).map(({ text }) => schemaProblem(text))).not.toContainEqual(
        expect.any(String),
      )
      const spoken = bytes
        .toString()
        .split('\n')
        .filter((line) => !/^[ \t\r]*$/.test(line))
      expect(lines).toHaveLength(spoken.length)
    }),
    { numRuns: 500 },
  )
})

test('spans find each member, as JSON.parse does', () => {
  fc.assert(
    fc.property(objects, ({ text, members }) => {
      const spans = memberSpans(text)
      expect(spans.map(({ name, valueStart, valueEnd }) => [name, text.slice(valueStart, valueEnd)])).toEqual(
        members.map(({ name, value }) => [name, value.trim()]),
      )
    }),
  )
})

test('a field is set or taken out, and every other member stays to the letter', () => {
  const change = fc.option(
    fc.json().map((text) => JSON.parse(JSON.stringify(JSON.parse(text)))),
    { nil: undefined },
  )
  fc.assert(
    fc.property(objects, fc.constantFrom('to', 'value', 'size'), change, ({ text, members }, name, value) => {
      const line = { text, record: JSON.parse(text) }
      setFields(line, { [name]: value })
      expect(JSON.parse(line.text)).toEqual(line.record)
      expect(memberText(line.text, name)).toBe(value === undefined ? undefined : JSON.stringify(value))
      for (const other of members.filter((member) => member.name !== name)) {
        expect(memberText(line.text, other.name)).toBe(other.value.trim())
        expect(line.text).toContain(`${JSON.stringify(other.name)}`)
      }
    }),
    { numRuns: 1000 },
  )
})

async function readByNdjson(chunks: readonly Buffer[]): Promise<unknown[]> {
  const read: unknown[] = []
  // It takes a line that says null for the end of the stream.
  const parser = ndjson.parse({ strict: false }).on('data', (value) => read.push(value))
  await pipeline(Readable.from(chunks), parser)
  return read
}

function isNotNull([text]: readonly [string, string]): boolean {
  return text.trim() !== 'null'
}

function oneLine(text: string): string {
  return text.toWellFormed().replaceAll(/[\n\ufeff]/g, '?')
}

/** The reference for what a record is, said once more and apart from the code. */
function isRecord(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { key, to, toStore } = Object.fromEntries(Object.entries(value))
  return isText(key) && (to === undefined || isText(to)) && (toStore === undefined || typeof toStore === 'string')
}

/** A string that has bytes: without half a surrogate pair. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed()
}
