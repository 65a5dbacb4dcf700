/** Writes pieces as the parts of one object, some at a time. Holds those under way, and the next. */
import { createHash } from 'node:crypto'
import { keyText } from '../../record/key.ts'
import type { Content, Outcome } from '../contract.ts'
import { headersFor } from './attributes.ts'
import type { Summing } from './checksum.ts'
import { headerOf, summing, sumOf, uploadHeaders } from './checksum.ts'
import { failureOf } from './classify.ts'
import type { Guarded } from './complete-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { MOST_PARTS, Multipart } from './multipart.ts'
import type { Objects } from './objects.ts'
import { NEEDS } from './permissions.ts'

/** Parts under way at once for one object. */
const AT_ONCE = 4
/** Of content whose size nobody knows, parts get twice as long each time so many have been written. */
const PARTS_OF_A_LENGTH = 1000

/** The bytes of the nth part, from 0, such that no content needs more parts than S3 takes. Pure. */
export function partSizes(sizeBytes: number | undefined, partBytes: number): (nth: number) => number {
  if (sizeBytes === undefined) return (nth) => partBytes * 2 ** Math.floor(nth / PARTS_OF_A_LENGTH)
  const length = Math.max(partBytes, Math.ceil(sizeBytes / MOST_PARTS))
  return () => length
}

/** Throws what keeps it from being done; an object is there whole or not at all. */
export async function writeParts(
  objects: Objects,
  key: string,
  content: Content,
  pieces: AsyncIterable<Buffer>,
  guarded: Guarded,
  signal: AbortSignal,
): Promise<Outcome> {
  const upload = await begin(objects, key, content, signal)
  const whole = await wholeSum(upload, content)
  const failure = new AbortController()
  const ended = AbortSignal.any([signal, failure.signal])
  const errors: unknown[] = []
  const underWay = new Set<Promise<void>>()
  const put = async (number: number, piece: Buffer) => {
    const { algorithm } = upload.checksum ?? {}
    const checksum = algorithm && { [headerOf(algorithm)]: await sumOf(algorithm, piece) }
    const md5 = createHash('md5').update(piece).digest('base64')
    await upload.put(number, { 'content-md5': md5, ...checksum }, piece, ended)
  }
  const start = (number: number, piece: Buffer) => {
    whole?.add(piece)
    const task: Promise<void> = put(number, piece)
      .catch((thrown) => {
        errors.push(thrown)
        failure.abort()
      })
      .finally(() => underWay.delete(task))
    underWay.add(task)
  }
  try {
    let number = 0
    for await (const piece of pieces) {
      if (errors.length > 0) break
      start(++number, piece)
      if (underWay.size >= AT_ONCE) await Promise.race(underWay)
    }
  } catch (thrown) {
    errors.push(thrown)
    failure.abort()
  }
  await Promise.all(underWay)
  if (errors.length === 0)
    return await completeUpload(objects, upload, { ...guarded, checksum: await whole?.value() }, signal)
  await upload.abort()
  throw errors[0]
}

/** Asks for a checksum of the source's algorithm, or CRC32, unless the server has shown that it takes none. */
async function begin(
  { bucket, offer }: Objects,
  key: string,
  content: Content,
  signal: AbortSignal,
): Promise<Multipart> {
  const headers = headersFor(content)
  for (;;) {
    const algorithm = offer.choose('in parts', content.checksum?.algorithm)
    if (algorithm === undefined) return await Multipart.begin(bucket, key, headers, signal)
    const begun = await Multipart.ask(bucket, key, { ...headers, ...uploadHeaders(algorithm, true) }, signal)
    if (begun instanceof Multipart) return begun
    if (!offer.learn('in parts', algorithm, begun, undefined))
      throw failureOf(begun, `beginning ${keyText(key)} in parts`, NEEDS.write)
  }
}

/** The checksum that the whole will be held against: the source's own, where it is of the upload's kind. */
async function wholeSum({ checksum }: Multipart, content: Content): Promise<Summing | undefined> {
  if (checksum?.isWhole !== true) return undefined
  const { algorithm, value, isWhole } = content.checksum ?? {}
  if (isWhole && algorithm === checksum.algorithm && value !== undefined)
    return { add: () => {}, value: async () => value }
  return await summing(checksum.algorithm)
}
