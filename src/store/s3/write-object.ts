/**
 * Writes the content of another store as an object: in one request what fits one piece, in parts anything larger. Holds
 * one piece where that is all, otherwise as many as are under way and the next. A piece's MD5 goes along, and a checksum
 * of the source's algorithm, or CRC32, where the server takes that, so that nothing is stored that was damaged on its way.
 */
import { createHash } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Content, Guard, Item, Outcome } from '../contract.ts'
import { unheld, withLost } from '../unheld.ts'
import { failed, outcomeOf } from './ask.ts'
import { headersFor } from './attributes.ts'
import type { Algorithm } from './checksum.ts'
import { headerOf, sumOf } from './checksum.ts'
import { failureOf, isError } from './classify.ts'
import { conditionOf, guardVerdict, NOTHING_OBEYED, needsLook, refusedBy } from './destination-guard.ts'
import { isKms } from './encryption.ts'
import { nameOf } from './key-name.ts'
import { head } from './look-up.ts'
import type { Objects } from './objects.ts'
import { NEEDS } from './permissions.ts'
import { piecesOf } from './pieces.ts'
import type { Reply } from './request.ts'
import { isPlainEtag, plainEtag } from './stored-object.ts'
import { partSizes, writeParts } from './write-parts.ts'

/** Never throws. The error of the source is the outcome's, and nothing is left behind then. */
export async function writeObject(objects: Objects, item: Item, guard: Guard, signal: AbortSignal): Promise<Outcome> {
  const { key, content } = item
  if (guard === 'merge') return failed('E_UNSUPPORTED', 'merge: objects are not collections')
  const name = nameOf(key)
  if (typeof name !== 'string') return { outcome: 'failed', error: name }
  if (content.form !== 'plain')
    return failed('E_TYPE', `key ${keyText(key)}: S3 holds bytes and cannot hold a ${content.form}`)
  try {
    const outcome = await objects.locks.hold([name], () => write(objects, name, item, guard, signal))
    // An access control list does not travel with the content.
    return withLost(outcome, [...unheld(content), ...(objects.acl ? ['acl'] : [])])
  } catch (thrown) {
    return outcomeOf(thrown)
  }
}

async function write(
  objects: Objects,
  name: string,
  { content, expect = {} }: Item,
  guard: Guard,
  signal: AbortSignal,
): Promise<Outcome> {
  const { bucket, abilities, encryption, writePartBytes } = objects
  const obeyed = guard === 'any' ? NOTHING_OBEYED : (await abilities.writes(name, signal)).put
  const there = needsLook(guard, obeyed) ? await head(bucket, name, signal) : undefined
  const settled = guardVerdict(guard, name, expect, there, encryption)
  if (settled !== undefined) return settled
  const condition = conditionOf(guard, obeyed, there)
  const pieces = counted(name, content, piecesOf(content.body(), partSizes(content.sizeBytes, writePartBytes)))
  try {
    const first = await pieces.next()
    const second = first.done ? first : await pieces.next()
    const body = (first.value as Buffer | undefined) ?? Buffer.alloc(0)
    if (second.done) return await putWhole(objects, name, content, body, guard, condition, signal)
    const all = chain([body, second.value], pieces)
    return await writeParts(objects, name, content, all, { guard, expect, tags: content.tags }, signal)
  } finally {
    await pieces.return(undefined)
  }
}

async function putWhole(
  objects: Objects,
  key: string,
  content: Content,
  body: Buffer,
  guard: Guard,
  condition: Record<string, string>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { bucket, offer } = objects
  const md5 = createHash('md5').update(body).digest()
  const algorithm = offer.choose('at once', content.checksum?.algorithm)
  const sum: Sum | undefined = algorithm && { algorithm, value: await checksumOf(content, algorithm, body) }
  const headers: Record<string, string> = {
    ...headersFor(content),
    ...condition,
    'content-md5': md5.toString('base64'),
    ...(sum && { [headerOf(sum.algorithm)]: sum.value }),
  }
  const reply = await bucket.send({ method: 'PUT', key, headers, body }, signal)
  if (reply.status === 412) return refusedBy(guard, key)
  if (sum !== undefined && offer.learn('at once', sum.algorithm, reply, reply.headers[headerOf(sum.algorithm)]))
    return await putWhole(objects, key, content, body, guard, condition, signal)
  if (reply.status === 501 && headers['x-amz-tagging'] !== undefined) {
    const { tags: _, ...rest } = content
    return withLost(await putWhole(objects, key, rest, body, guard, condition, signal), ['tags'])
  }
  if (isError(reply)) return { outcome: 'failed', error: failureOf(reply, `writing ${keyText(key)}`, NEEDS.write) }
  return stored(key, reply, md5.toString('hex'), sum)
}

interface Sum {
  readonly algorithm: Algorithm
  readonly value: string
}

/** The source's own, where it is of this kind: so the server holds what comes against what the source has. */
async function checksumOf({ checksum }: Content, algorithm: Algorithm, body: Buffer): Promise<string> {
  const isOfSource = checksum?.isWhole && checksum.algorithm === algorithm
  return isOfSource ? checksum.value : await sumOf(algorithm, body)
}

/** What the server says it has stored is held against what was sent. */
function stored(key: string, { headers }: Reply, md5: string, sum: Sum | undefined): Outcome {
  const etag = plainEtag(headers.etag ?? '')
  if (isPlainEtag(etag) && etag !== md5 && !isKms(headers))
    return failed('E_STORE', `${keyText(key)}: the server has stored other bytes than were sent (MD5)`)
  if (sum !== undefined && (headers[headerOf(sum.algorithm)] ?? sum.value) !== sum.value) {
    const name = sum.algorithm.toUpperCase()
    return failed('E_STORE', `${keyText(key)}: the server has stored other bytes than were sent (${name})`)
  }
  return { outcome: 'done', ...(etag === '' ? {} : { etag }) }
}

/** Throws E_CHANGED behind the last piece when there were not as many bytes as announced. */
async function* counted(key: string, { sizeBytes }: Content, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let total = 0
  let held: Buffer | undefined
  for await (const piece of pieces) {
    if (held !== undefined) yield held
    held = piece
    total += piece.length
  }
  if (sizeBytes !== undefined && sizeBytes !== total) {
    const message = `key ${keyText(key)}: ${sizeBytes} bytes were announced and ${total} came; run again for what it is now`
    throw new RekeyError('E_CHANGED', message)
  }
  if (held !== undefined) yield held
}

async function* chain(first: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* first
  yield* rest
}
