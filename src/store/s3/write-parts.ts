/** Writes pieces as the parts of one object, some at a time. Holds those under way, and the next. */
import { createHash } from 'node:crypto'
import { keyText } from '../../record/key.ts'
import type { Outcome } from '../contract.ts'
import { crc32Of, headerOf, summing } from './checksum.ts'
import { failureOf } from './classify.ts'
import type { Guarded } from './complete-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { MOST_PARTS, Multipart } from './multipart.ts'
import type { Objects } from './objects.ts'

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
  headers: Readonly<Record<string, string>>,
  pieces: AsyncIterable<Buffer>,
  guarded: Guarded,
  signal: AbortSignal,
): Promise<Outcome> {
  const upload = await begin(objects, key, headers, signal)
  const isSummed = upload.checksum?.algorithm === 'crc32'
  const whole = isSummed && upload.checksum?.isWhole ? summing('crc32') : undefined
  const failure = new AbortController()
  const ended = AbortSignal.any([signal, failure.signal])
  const errors: unknown[] = []
  const underWay = new Set<Promise<void>>()
  const start = (number: number, piece: Buffer) => {
    const md5 = createHash('md5').update(piece).digest('base64')
    const checksum = isSummed ? { [headerOf('crc32')]: crc32Of(piece) } : {}
    whole?.add(piece)
    const task: Promise<void> = upload
      .put(number, { 'content-md5': md5, ...checksum }, piece, ended)
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
    return await completeUpload(objects, upload, { ...guarded, checksum: whole?.value() }, signal)
  await upload.abort()
  throw errors[0]
}

/** Asks for a checksum of the whole, unless the server has shown that it takes none. */
async function begin(
  { bucket, offer }: Objects,
  key: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Multipart> {
  if (offer.isTaken) {
    const begun = await Multipart.ask(bucket, key, { ...headers, ...WHOLE_CRC32 }, signal)
    if (begun instanceof Multipart) return begun
    if (!offer.learn(begun, undefined)) throw failureOf(begun, `beginning ${keyText(key)} in parts`)
  }
  return await Multipart.begin(bucket, key, headers, signal)
}

const WHOLE_CRC32 = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' }
