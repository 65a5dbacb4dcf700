/**
 * Writes the content of another store as an object: in one request what fits one piece, in parts anything larger. Holds
 * one piece where that is all, otherwise as many as are under way and the next. A piece's MD5 goes along, so that the
 * server takes nothing that was damaged on its way.
 */
import { createHash } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Content, Guard, Item, Outcome } from '../contract.ts'
import { unheld } from '../unheld.ts'
import { failed, outcomeOf } from './ask.ts'
import { headersFor } from './attributes.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket, Reply } from './connection.ts'
import { conditionOf, guardVerdict, NOTHING_OBEYED, needsLook, refusedBy } from './destination-guard.ts'
import { isKms } from './encryption.ts'
import { nameOf } from './key-name.ts'
import { head } from './look-up.ts'
import type { Objects } from './objects.ts'
import { piecesOf } from './pieces.ts'
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
    return withLost(outcome, unheld(content))
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
    if (second.done) return await putWhole(bucket, name, content, body, guard, condition, signal)
    const all = chain([body, second.value], pieces)
    return await writeParts(objects, name, headersFor(content), all, { guard, expect, tags: content.tags }, signal)
  } finally {
    await pieces.return(undefined)
  }
}

async function putWhole(
  bucket: Bucket,
  key: string,
  content: Content,
  body: Buffer,
  guard: Guard,
  condition: Record<string, string>,
  signal: AbortSignal,
): Promise<Outcome> {
  const md5 = createHash('md5').update(body).digest()
  const headers: Record<string, string> = {
    ...headersFor(content),
    ...condition,
    'content-md5': md5.toString('base64'),
  }
  const reply = await bucket.send({ method: 'PUT', key, headers, body }, signal)
  if (reply.status === 412) return refusedBy(guard, key)
  if (reply.status === 501 && headers['x-amz-tagging'] !== undefined) {
    const { tags: _, ...rest } = content
    return withLost(await putWhole(bucket, key, rest, body, guard, condition, signal), ['tags'])
  }
  if (isError(reply)) return { outcome: 'failed', error: failureOf(reply, `writing ${keyText(key)}`) }
  return stored(key, reply, md5.toString('hex'))
}

/** What the server says it has stored is held against what was sent. */
function stored(key: string, { headers }: Reply, md5: string): Outcome {
  const etag = plainEtag(headers.etag ?? '')
  if (isPlainEtag(etag) && etag !== md5 && !isKms(headers))
    return failed('E_STORE', `${keyText(key)}: the server has stored other bytes than were sent (MD5)`)
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

function withLost(outcome: Outcome, lost: readonly string[]): Outcome {
  if (outcome.outcome !== 'done' || lost.length === 0) return outcome
  return { ...outcome, lost: [...(outcome.lost ?? []), ...lost] }
}
