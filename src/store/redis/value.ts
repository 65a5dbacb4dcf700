/** A key's content as a record holds it. Pure. */
import { isUtf8 } from 'node:buffer'
import type { Value } from '../contract.ts'
import { recordValue } from '../value.ts'
import { field, pairsOf } from './canonical.ts'
import type { Reply } from './connection.ts'

/**
 * The value that the reply to `contentRequest` is: a string as JSON or text, a hash as an object of strings, a list and
 * a sorted set's members in their order, a set by its bytes, scores as texts. Undefined when a part is not UTF-8 or the type is
 * one of a module: then the DUMP stands for it.
 */
export function contentOf(type: string, reply: Reply): Value | undefined {
  if (type === 'string') return recordValue(reply as Buffer)
  if (!isText(reply)) return undefined
  switch (type) {
    case 'hash':
      return { value: objectOf(reply as Buffer[]) }
    case 'list':
      return { value: texts(reply) }
    case 'set':
      return { value: texts((reply as Buffer[]).toSorted(Buffer.compare)) }
    case 'zset':
      return { value: texts(pairsOf(reply as Buffer[])) }
    case 'stream':
      return {
        value: (field(reply as Reply[], 'entries') as [Buffer, Buffer[]][]).map(([id, flat]) => [
          String(id),
          objectOf(flat),
        ]),
      }
    default:
      return undefined
  }
}

function isText(reply: Reply): boolean {
  if (Buffer.isBuffer(reply)) return isUtf8(reply)
  return !Array.isArray(reply) || reply.every(isText)
}

/** Buffers to strings, however deep. */
function texts(reply: Reply): unknown {
  return Array.isArray(reply) ? reply.map(texts) : (reply as Buffer).toString('utf8')
}

/** A field that is called `__proto__` is a field like any other. */
function objectOf(flat: readonly Buffer[]): Record<string, string> {
  return Object.fromEntries(pairsOf(flat).map(([name, value]) => [name.toString('utf8'), value.toString('utf8')]))
}
