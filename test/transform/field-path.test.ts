/** What a field says, read from the text of a line or from its record. */
import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode } from '../../src/record/decode.ts'
import type { Line } from '../../src/record/line.ts'
import { fieldText } from '../../src/transform/field-path.ts'

async function lineOf(text: string): Promise<Line> {
  const [[line]] = (await Readable.from(decode(Readable.from([Buffer.from(text)]))).toArray()) as [[Line]]
  return line
}

/** The same line, of which only the record tells. */
async function parsed(text: string): Promise<Line> {
  const line = await lineOf(text)
  return { text, record: line.record }
}

const names = fc.constantFrom('size', 'type', 'type2', 'value', 'mtime', 'a,b', 'x":')
const values = fc.oneof(
  fc.constantFrom('a', 'a,b', '{', '":', ',"size":1', 'ü', '\\', '"', ''),
  fc.constantFrom(0, -1.5, 30.2, 1e21, 5e-7, true, false, null),
  fc.integer(),
  fc.string({ unit: 'grapheme' }),
)

test('a line of the usual kind is not parsed for it, and says the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(names, values), { maxLength: 5 }), names, async (members, name) => {
      const fields = members.map(([field, value]) => `,${JSON.stringify(field)}:${JSON.stringify(value)}`).join('')
      const text = `{"store":"file:/d/","key":"k"${fields},"to":"new/k"}`
      expect(fieldText([name], await lineOf(text))).toEqual(fieldText([name], await parsed(text)))
    }),
  )
})

test.each([
  ['{"key":"k","size":30.20}', '30.2'],
  ['{"key":"k","size":12345678901234567890,"type":"x"}', '12345678901234567890'],
  ['{"key":"k","size":1,"size":2}', '2'],
  ['{"key":"k","size":"a, b"}', 'a, b'],
  ['{"key":"k","size":null}', undefined],
  ['{"key":"k","size":true}', 'true'],
  ['{"key":"k","value":{"size":1}}', undefined],
])('%s', async (text, says) => {
  expect(fieldText(['size'], await lineOf(text))).toBe(says)
})

test('what is asked of many lines leaves the usual ones unparsed', async () => {
  const line = await lineOf('{"key":"k","type":"hash","size":5}')
  expect([fieldText(['type'], line), fieldText(['size'], line)]).toEqual(['hash', '5'])
  expect(line.open).toBeDefined()
})
