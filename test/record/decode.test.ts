import { describe, expect, test } from 'vitest'
import { decode, MAX_LINE_BYTES } from '../../src/record/decode.ts'
import type { Line } from '../../src/record/line.ts'
import { schemaProblem } from '../record-schema.ts'
import { linesOf, textsOf } from './lines.ts'

const CHINESE = Buffer.from('{"key":"漢字"}\n')

describe('what ends a line', () => {
  test.each<[string, string, string[]]>([
    ['LF', '{"key":"a"}\n{"key":"b"}\n', ['{"key":"a"}', '{"key":"b"}']],
    ['CRLF', '{"key":"a"}\r\n{"key":"b"}\r\n', ['{"key":"a"}', '{"key":"b"}']],
    ['the end of the input', '{"key":"a"}\n{"key":"b"}', ['{"key":"a"}', '{"key":"b"}']],
    ['the end of the input behind a CR', '{"key":"a"}\r', ['{"key":"a"}']],
    ['nothing in an empty input', '', []],
    ['nothing in an input of newlines', '\n\r\n \t\n\n', []],
    ['white space around a record', ' \t{"key":"a"} \t\n', ['{"key":"a"}']],
    ['a byte order mark before the first line', '\ufeff{"key":"a"}\n', ['{"key":"a"}']],
    ['a byte order mark and nothing else', '\ufeff\n', []],
    ['U+2028 and U+0085 do not end a line', '{"key":"a\u2028b\u0085c"}\n', ['{"key":"a\u2028b\u0085c"}']],
    ['white space within a record is kept', '{ "key" : "a" }\n', ['{ "key" : "a" }']],
  ])('%s', async (_name, input, texts) => expect(await textsOf(input)).toEqual(texts))
})

describe('bytes come in chunks of any size', () => {
  const input = Buffer.from(
    '\ufeff{"key":"é"}\r\n\n{"key":"漢字","x":"😀"}\n[1]\r\n{"key64":"//4="}\n{"key":"last\u0000"}'.replace(
      '\u0000',
      '\\u0000',
    ),
  )

  test('cut in two at every byte', async () => {
    const whole = await linesOf([input])
    expect(whole).toHaveLength(5)
    for (let cut = 0; cut <= input.length; cut++) {
      expect(await linesOf([input.subarray(0, cut), input.subarray(cut)])).toEqual(whole)
    }
  })

  test.each([1, 2, 3, 5, 7])('in pieces of %i bytes', async (size) => {
    const pieces: Buffer[] = []
    for (let at = 0; at < input.length; at += size) pieces.push(input.subarray(at, at + size))
    expect(await linesOf(pieces)).toEqual(await linesOf([input]))
  })

  test('a batch is what one chunk completes', async () => {
    const sizes: number[] = []
    const chunks = ['{"key":"a"}\n{"key":"b"}\n{"ke', 'y":"c"}', '\n', '{"key":"d"}'].map((text) => Buffer.from(text))
    for await (const batch of decode(each(chunks))) sizes.push(batch.length)
    expect(sizes).toEqual([2, 1, 1])
  })

  test('an unfinished line says nothing when the input was stopped', async () => {
    const stop = new AbortController()
    async function* stopped() {
      yield Buffer.from('{"key":"a"}\n{"key":')
      stop.abort()
    }
    const lines: Line[] = []
    for await (const batch of decode(stopped(), MAX_LINE_BYTES, stop.signal)) lines.push(...batch)
    expect(lines.map(({ text }) => text)).toEqual(['{"key":"a"}'])
  })
})

describe('a line that is not a record comes out as a failed record', () => {
  test.each<[string, string, RegExp]>([
    ['an array', '["key"]', /must be a JSON object, this one is an array/],
    ['a number', '17', /this one is a number/],
    ['a string', '"key"', /this one is a string/],
    ['true', 'true', /this one is a boolean/],
    ['null', 'null', /this one is null/],
    ['an object without a key', '{"name":"a"}', /no field "key"/],
    ['a key that is null', '{"key":null}', /"key" must be a string, this one is null/],
    ['a key that is a number', '{"key":1}', /"key" must be a string, this one is a number/],
    ['a new key that is a list', '{"key":"a","to":[]}', /"to" must be a string, this one is an array/],
    ['half a surrogate pair', '{"key":"\\ud83d"}', /half a surrogate pair.*"key64"/],
    ['half a surrogate pair in the new key', '{"key":"a","to":"\\udc00b"}', /half a surrogate pair.*"to64"/],
    ['both forms of a key', '{"key":"a","key64":"YQ=="}', /both "key" and "key64"/],
    ['both forms of a new key', '{"key":"a","to":"a","to64":"YQ=="}', /both "to" and "to64"/],
    ['key64 that is not base64', '{"key64":"?"}', /"key64" must be a string of base64/],
    ['key64 that is cut', '{"key64":"A"}', /"key64" must be a string of base64/],
    ['key64 without its padding', '{"key64":"YQ"}', /"key64" must be a string of base64/],
    ['key64 in the URL alphabet', '{"key64":"_-8="}', /"key64" must be a string of base64/],
    ['key64 that is a number', '{"key64":4}', /"key64" must be a string of base64/],
    ['to64 with a newline', '{"key":"a","to64":"YQ=\\n="}', /"to64" must be a string of base64/],
    ['a store that is a number', '{"key":"a","store":1}', /"store" must be a string/],
    ['a destination store that is null', '{"key":"a","toStore":null}', /"toStore" must be a string/],
    ['an outcome of its own', '{"key":"a","outcome":"ok"}', /"outcome" must be one of planned, done/],
    ['an operation of its own', '{"key":"a","op":"move"}', /"op" must be one of copy, put/],
    ['both forms of what is put', '{"key":"a","op":"put","value":1,"value64":"YQ=="}', /both "value" and "value64"/],
    ['what is put is not base64', '{"key":"a","op":"put","value64":"?"}', /"value64" must be a string of base64/],
    ['what is put is a number', '{"key":"a","op":"put","value64":5}', /"value64" must be a string of base64/],
    ['half a surrogate pair in what is put', '{"key":"a","op":"put","value":"\\ud83d"}', /half a surr.*"value64"/],
    ['a cut record', '{"key":"a', /not JSON/],
    ['two records on one line', '{"key":"a"}{"key":"b"}', /not JSON/],
    ['two records with a comma', '{"key":"a"},{"key":"b"}', /not JSON/],
    ['a raw NUL in a string', '{"key":"a\u0000"}', /not JSON/],
    ['NULs, as a crash leaves them', '\u0000\u0000\u0000', /not JSON/],
    ['a byte order mark that is not at the beginning', '{"key":\ufeff"a"}', /not JSON/],
    ['a byte order mark before a later line', '\ufeff{"key":"a"}', /not JSON/],
    ['a failed line without its error', '{"outcome":"failed"}', /no field "key"/],
    ['a failed line whose store is a list', '{"outcome":"failed","error":{},"store":[]}', /"store" must be a string/],
    ['a prototype that has a key', '{"__proto__":{"key":"a"}}', /no field "key"/],
  ])('%s', async (_name, text, message) => {
    const [before, bad, after] = await linesOf([Buffer.from(`{"key":"1"}\n${text}\n{"key":"3"}\n`)])
    expect([before?.text, after?.text]).toEqual(['{"key":"1"}', '{"key":"3"}'])
    expect(bad?.record).toEqual({
      outcome: 'failed',
      error: { code: 'E_INPUT', line: 2, message: expect.stringMatching(message), retryable: false },
      input: text,
    })
    expect(bad?.cameAs).toBeUndefined()
    expect(schemaProblem(bad?.text ?? '')).toBeUndefined()
  })

  test('bytes that are not UTF-8 come as input64, and the lines around them are read', async () => {
    const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d])
    const lines = await linesOf([Buffer.concat([CHINESE, bytes, Buffer.from('\n'), CHINESE])])
    expect(lines.map(({ record }) => record)).toEqual([
      { key: '漢字' },
      {
        outcome: 'failed',
        error: { code: 'E_INPUT', line: 2, message: 'not valid UTF-8', retryable: false },
        input64: bytes.toString('base64'),
      },
      { key: '漢字' },
    ])
  })

  test('a character that the end of the input cuts is not UTF-8', async () => {
    const [bad] = await linesOf([Buffer.from('{"key":"é"}').subarray(0, 9)])
    expect(bad?.record).toMatchObject({ error: { line: 1 }, input64: expect.any(String) })
  })

  test('an overlong form and a surrogate in UTF-8 are not UTF-8', async () => {
    const overlong = Buffer.from('{"key":"\xc0\xaf"}\n{"key":"\xed\xa0\x80"}\n', 'latin1')
    expect((await linesOf([overlong])).map(({ record }) => record.input64 !== undefined)).toEqual([true, true])
  })
})

describe('a line that an earlier tool has failed passes', () => {
  test('as it came, and with the outcome it came with', async () => {
    const text = '{"outcome":"failed","error":{"code":"E_INPUT","line":7,"message":"m","retryable":false},"input":"x"}'
    const [line] = await linesOf([Buffer.from(`${text}\n`)])
    expect(line).toMatchObject({ text, cameAs: 'failed' })
  })
})

describe('the line number counts every line', () => {
  const badLine = async (pieces: readonly Buffer[], max?: number) => {
    const lines = await linesOf(pieces, max)
    return lines.flatMap(({ record }) => record.error?.line ?? [])
  }

  test.each<[string, string, number[]]>([
    ['the first', 'x\n', [1]],
    ['behind empty lines', '\n\r\n  \nx\n', [4]],
    ['each of several', 'x\n{"key":"a"}\nx\n\nx', [1, 3, 5]],
    ['behind a byte order mark', '\ufeffx\nx', [1, 2]],
    ['without a last newline', '{"key":"a"}\nx', [2]],
    ['an earlier failure does not count twice', 'x\n{"outcome":"failed","error":{"line":9}}\nx\n', [1, 9, 3]],
  ])('%s', async (_name, input, numbers) => {
    expect(await badLine([Buffer.from(input)])).toEqual(numbers)
    expect(await badLine([...Buffer.from(input)].map((byte) => Buffer.of(byte)))).toEqual(numbers)
  })

  test('around lines that are not UTF-8 and lines that are too long', async () => {
    const long = `{"key":"${'x'.repeat(40)}"}`
    const input = Buffer.concat([Buffer.from(`x\n${long}\n\n`), Buffer.of(0xff), Buffer.from(`\n${long}\nx`)])
    expect(await badLine([input], 32)).toEqual([1, 2, 4, 5, 6])
    expect(
      await badLine(
        [...input].map((byte) => Buffer.of(byte)),
        32,
      ),
    ).toEqual([1, 2, 4, 5, 6])
  })
})

describe('a long line', () => {
  const recordOf = (bytes: number) => `{"key":"${'k'.repeat(bytes - 10)}"}`

  test('of 16 MiB is read', async () => {
    const text = recordOf(MAX_LINE_BYTES)
    const lines = await linesOf(inChunks(Buffer.from(`{"key":"a"}\n${text}\n{"key":"b"}\n`)))
    expect(lines.map(({ record }) => record.key?.length)).toEqual([1, MAX_LINE_BYTES - 10, 1])
  })

  test('of one byte more fails, keeps its beginning, and the next line is read', async () => {
    const lines = await linesOf(inChunks(Buffer.from(`${recordOf(MAX_LINE_BYTES + 1)}\n{"key":"b"}\n`)))
    expect(lines.map(({ record }) => record)).toEqual([
      {
        outcome: 'failed',
        error: {
          code: 'E_INPUT',
          line: 1,
          message: `line of ${MAX_LINE_BYTES + 1} bytes, the limit is ${MAX_LINE_BYTES} (--max-line)`,
          retryable: false,
        },
        input: recordOf(2000).slice(0, 1024),
      },
      { key: 'b' },
    ])
  })

  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['no newline', ''],
  ])('the limit is on the line without what ends it: %s', async (_name, end) => {
    for (const chunk of [1, 7, 64]) {
      const fits = inChunks(Buffer.from(recordOf(20) + end), chunk)
      const exceeds = inChunks(Buffer.from(recordOf(21) + end), chunk)
      expect((await linesOf(fits, 20)).map(({ record }) => record.outcome)).toEqual([undefined])
      expect((await linesOf(exceeds, 20)).map(({ record }) => record.error?.message)).toEqual([
        'line of 21 bytes, the limit is 20 (--max-line)',
      ])
    }
  })

  test('is not held beyond its limit: 256 MiB without a newline', async () => {
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    async function* endless() {
      for (let sent = 0; sent < 256; sent++) yield chunk
      yield Buffer.from('\n{"key":"b"}\n')
    }
    const lines: Line[] = []
    for await (const batch of decode(endless(), 1024 * 1024)) lines.push(...batch)
    expect(lines[0]?.record.error?.message).toContain(`line of ${256 * 1024 * 1024} bytes`)
    expect(lines[1]?.record.key).toBe('b')
  })

  test('of a million spaces takes no time to speak of', async () => {
    const spaces = ' '.repeat(1024 * 1024)
    const [line] = await linesOf(inChunks(Buffer.from(`${spaces}{"key":"a"}${spaces}x\n`)))
    expect(line?.record.error?.code).toBe('E_INPUT')
  }, 5_000)
})

function inChunks(bytes: Buffer, size = 64 * 1024): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
  return chunks
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
