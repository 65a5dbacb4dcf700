/**
 * An object as content for another store. A small one is read at once, a large one while it is written elsewhere. What
 * comes is held against the digest or the checksum that the server gives of it.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Content } from '../contract.ts'
import { onePiece } from '../plain-content.ts'
import { headersKept } from './attributes.ts'
import { CHECKSUM_MODE, checksumsIn } from './checksum.ts'
import { failureOf } from './classify.ts'
import type { Bucket } from './connection.ts'
import { notAsExpected } from './evidence.ts'
import { nameOf } from './key-name.ts'
import { tagsOf } from './object-tags.ts'
import { NEEDS } from './permissions.ts'
import type { Streamed } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import { objectOf } from './stored-object.ts'
import { storedSum } from './stored-sum.ts'

/** Up to so many bytes are read at once and held until they are written. */
const SMALL_BYTES = 1024 * 1024

/** Undefined where there is no such object. Throws E_DENIED and the like; the body throws E_CHANGED, E_CONNECTION. */
export async function readObject(bucket: Bucket, key: Key, signal: AbortSignal): Promise<Content | undefined> {
  const name = nameOf(key)
  if (typeof name !== 'string') throw name
  const streamed = await bucket.stream({ method: 'GET', key: name, headers: CHECKSUM_MODE }, signal)
  if (streamed.status >= 300) {
    const body = await collected(streamed.body)
    const failure = failureOf({ ...streamed, body }, `reading ${keyText(key)}`, NEEDS.read)
    if (streamed.status === 404 && failure.code !== 'E_LOCATION') return undefined
    throw failure
  }
  const object = objectOf(name, streamed.headers)
  const isSmall = object.sizeBytes <= SMALL_BYTES
  const bytes = isSmall ? await collected(checked(object, streamed)) : undefined
  // A large one is asked for again when it is wanted: nobody may want it, and it would hold a connection until then.
  if (bytes === undefined) await giveUp(streamed)
  const body = bytes === undefined ? () => readAgain(bucket, object, signal) : () => onePiece(bytes)
  const tags = await tagsOf(bucket, name, streamed.headers, signal)
  const { sizeBytes, mtimeMs } = object
  const [checksum] = checksumsIn(streamed.headers)
  const extras = {
    headers: headersKept(streamed.headers),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(checksum === undefined ? {} : { checksum }),
  }
  return { form: 'plain', body, sizeBytes, mtimeMs, ...extras }
}

async function* readAgain(bucket: Bucket, object: StoredObject, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { key, etag } = object
  const headers = { ...CHECKSUM_MODE, 'if-match': `"${etag}"` }
  const streamed = await bucket.stream({ method: 'GET', key, headers }, signal)
  if (streamed.status === 412 || streamed.status === 404) throw notAsExpected(key, 'changed')
  if (streamed.status >= 300)
    throw failureOf({ ...streamed, body: await collected(streamed.body) }, `reading ${keyText(key)}`, NEEDS.read)
  if (objectOf(key, streamed.headers).etag !== etag) {
    await giveUp(streamed)
    throw notAsExpected(key, 'changed')
  }
  yield* checked(object, streamed)
}

/** The bytes as they come. Throws E_CONNECTION behind the last when they are not those that are stored. */
async function* checked(
  { key, sizeBytes, etag }: StoredObject,
  { headers, body }: Streamed,
): AsyncGenerator<Uint8Array> {
  const sum = await storedSum(etag, headers)
  let total = 0
  for await (const chunk of body) {
    total += chunk.length
    sum?.add(chunk)
    yield chunk
  }
  if (total !== sizeBytes)
    throw new RekeyError('E_CONNECTION', `${keyText(key)}: ${sizeBytes} bytes were announced and ${total} came`)
  if (sum !== undefined && !(await sum.agrees()))
    throw new RekeyError(
      'E_CONNECTION',
      `${keyText(key)}: the bytes that came are not those that are stored (${sum.name})`,
    )
}

async function giveUp({ body }: Streamed): Promise<void> {
  // An iterator that was never begun does not hear that it is ended.
  const iterator = body[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.return?.()
}

async function collected(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks.length === 1 && Buffer.isBuffer(chunks[0]) ? chunks[0] : Buffer.concat(chunks)
}
