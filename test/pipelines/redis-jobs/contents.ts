/**
 * What a database holds, read by plain commands of a plain client: it shares no code with what is tested. A content is a
 * text that is the same for the same type, bytes and expiry, and for nothing else.
 */
import type { Redis } from 'ioredis'

/** By key; a key's bytes are the characters of its name (latin1). */
export type Contents = ReadonlyMap<string, string>

const READ: Readonly<Record<string, readonly string[]>> = {
  string: ['GET'],
  hash: ['HGETALL'],
  list: ['LRANGE', '0', '-1'],
  set: ['SMEMBERS'],
  zset: ['ZRANGE', '0', '-1', 'WITHSCORES'],
  stream: ['XRANGE', '-', '+'],
}

/** Every key that `belongs` names. */
export async function contentsOf(client: Redis, belongs: RegExp): Promise<Contents> {
  const keys = ((await client.callBuffer('KEYS', '*')) as Buffer[]).filter((key) =>
    belongs.test(key.toString('latin1')),
  )
  const heads = await replies(
    client,
    keys.flatMap((key) => [
      ['TYPE', key],
      ['PEXPIRETIME', key],
    ]),
  )
  const types = keys.map((_, at) => String(heads[2 * at]))
  const bodies = await replies(
    client,
    keys.flatMap((key, at) => {
      const [command = '', ...rest] = READ[types[at] as string] ?? []
      return [[command, key, ...rest], types[at] === 'stream' ? ['XINFO', 'GROUPS', key] : ['TYPE', key]]
    }),
  )
  return new Map(
    keys.map((key, at) => {
      const body = [texts(bodies[2 * at]), texts(bodies[2 * at + 1])]
      const parts = [types[at], Number(heads[2 * at + 1]), ordered(types[at] as string, body[0]), body[1]]
      return [key.toString('latin1'), JSON.stringify(parts)]
    }),
  )
}

/** The keys that only one of them has, or that hold something else. */
export function unlikeKeys(one: Contents, other: Contents): string[] {
  const keys = new Set([...one.keys(), ...other.keys()])
  return [...keys].filter((key) => one.get(key) !== other.get(key)).toSorted()
}

async function replies(client: Redis, commands: readonly (readonly (string | Buffer)[])[]): Promise<unknown[]> {
  const pipeline = client.pipeline()
  for (const [command, ...args] of commands) pipeline.callBuffer(String(command), ...args)
  const answers = (await pipeline.exec()) ?? []
  return answers.map(([error, reply]) => {
    if (error !== null) throw error
    return reply
  })
}

function texts(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(texts)
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : reply
}

/** Hashes and sets have no order of their own. */
function ordered(type: string, reply: unknown): unknown {
  if (type === 'set') return (reply as string[]).toSorted()
  if (type !== 'hash') return reply
  const flat = reply as string[]
  const pairs = flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []))
  return pairs.toSorted(([one = ''], [other = '']) => (one < other ? -1 : 1))
}
