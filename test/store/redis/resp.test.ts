/** Requests are what ioredis writes, and replies what it reads, however they come in pieces. */
import fc from 'fast-check'
import { Command } from 'ioredis'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Reply, Request } from '../../../src/store/redis/connection.ts'
import { Connection } from '../../../src/store/redis/connection.ts'
import { readLocation } from '../../../src/store/redis/location.ts'
import { ProtocolError, ReplyCutter, ReplyError, ReplyReader, RequestWriter } from '../../../src/store/redis/resp.ts'
import { clientOf, surroundings } from './open.ts'

const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some))
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ maxLength: 12 }).map((one) => one.repeat(9000)),
)
const request = fc.tuple(fc.constantFrom('GET', 'SET'), fc.array(fc.oneof(text, bytes), { maxLength: 12 }))

describe('requests', () => {
  const writer = new RequestWriter()

  test('are what ioredis writes', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), (some) => {
        const theirs = some.map(([name, args]) =>
          Buffer.from(new Command(name, args).toWritable({}) as Buffer | string),
        )
        const ours = writer.write(some.map(([name, args]): Request => [name, ...args]))
        expect(ours.equals(Buffer.concat(theirs))).toBe(true)
      }),
    )
  })

  test('that were let go stay as they are', () => {
    const before = writer.write([['GET', 'before']])
    writer.letGo()
    writer.write([['GET', 'behind']])
    expect(before.toString()).toBe('*2\r\n$3\r\nGET\r\n$6\r\nbefore\r\n')
  })
})

describe('replies', () => {
  const leaf = fc.oneof(
    bytes,
    fc.integer(),
    fc.constant(null),
    fc.stringMatching(/^[A-Z]{1,9} [a-z é]{0,40}$/).map((says) => new ReplyError(says)),
  )
  const { reply } = fc.letrec<{ reply: Reply }>((tie) => ({
    reply: fc.oneof({ maxDepth: 3 }, leaf, fc.array(tie('reply'), { maxLength: 5 })),
  }))

  test('are read however they are cut', () => {
    fc.assert(
      fc.property(fc.array(reply, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(30)), (replies, lengths) => {
        const stream = Buffer.concat(replies.map(written))
        expect(cut(stream, lengths)).toEqual(replies)
        expect(cut(stream, new Array(stream.length).fill(1))).toEqual(replies)
        expect(cut(stream, [])).toEqual(replies)
      }),
    )
  })

  test.each(['HTTP/1.1 400 Bad Request\r\n', '$x\r\n', '*99999999999\r\n', '*1\r\n{}\r\n'])('%j is none', (stream) => {
    expect(() => cut(Buffer.from(stream), [])).toThrow(ProtocolError)
  })
})

describe('a server', () => {
  let connection: Connection
  const client = clientOf(`${inject('redis')}/0`)
  beforeAll(async () => {
    connection = await Connection.open(readLocation(`${inject('redis')}/0`, surroundings()), {
      timeoutMs: 5000,
      caFile: undefined,
    })
  })
  afterAll(() => {
    connection.close()
    client.disconnect()
  })

  const SCRIPTS = [
    'return 1',
    'return -7',
    'return false',
    "return ''",
    "return 'é'",
    'return {}',
    "return {1, {2, {'three', false}}, 'x'}",
    "return {ok = 'fine'}",
    "return string.rep('x', 300000)",
    "local all = {} for at = 1, 20000 do all[at] = 'member ' .. at end return all",
  ]

  test('answers the same as to ioredis, to many requests at once', async () => {
    const theirs = await Promise.all(SCRIPTS.map((lua) => client.callBuffer('EVAL', lua, '0')))
    const ours = await connection.send(SCRIPTS.map((lua): Request => ['EVAL', lua, '0']))
    expect(ours).toEqual(theirs)
  })

  test('answers an error by itself', async () => {
    const answers = await connection.send([['PING'], ['NO-SUCH-COMMAND'], ['PING']])
    expect(answers[0]).toEqual(Buffer.from('PONG'))
    expect(answers[1]).toMatchObject({ code: 'E_STORE' })
    expect(answers[2]).toEqual(Buffer.from('PONG'))
  })

  test('is given bytes that nobody has changed before they were sent', async () => {
    const long = 'x'.repeat(8_000_000)
    const sizes = await Promise.all(
      ['a', 'b', 'c'].map((first) =>
        connection.send([['EVAL', 'return {ARGV[1]:sub(1, 1), #ARGV[1]}', '0', first + long]]),
      ),
    )
    expect(sizes).toEqual(['a', 'b', 'c'].map((first) => [[Buffer.from(first), long.length + 1]]))
  })
})

/** The replies of a stream that comes in pieces of these lengths, and the rest at once. */
function cut(stream: Buffer, lengths: readonly number[]): Reply[] {
  const cutter = new ReplyCutter()
  const reader = new ReplyReader()
  const replies: Reply[] = []
  let at = 0
  for (const length of [...lengths, stream.length]) {
    cutter.push(stream.subarray(at, at + length), (whole, start) => void replies.push(reader.read(whole, start)))
    at += length
  }
  return replies
}

function written(reply: Reply): Buffer {
  if (reply === null) return Buffer.from('$-1\r\n')
  if (typeof reply === 'number') return Buffer.from(`:${reply}\r\n`)
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from('\r\n')])
  if (reply instanceof Error) return Buffer.from(`-${reply.message}\r\n`)
  return Buffer.concat([Buffer.from(`*${(reply as Reply[]).length}\r\n`), ...(reply as Reply[]).map(written)])
}
