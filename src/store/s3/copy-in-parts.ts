/**
 * Copies an object that is too large for one request, its parts side by side inside the store. What a single copy keeps
 * by itself is given by hand. Whatever fails, nothing stays: neither an object nor an upload.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Outcome } from '../contract.ts'
import { GONE } from './ask.ts'
import { headersFor, headersKept } from './attributes.ts'
import { CHECKSUM_MODE, checksumsIn, uploadHeaders } from './checksum.ts'
import { completeUpload } from './complete-upload.ts'
import type { ObjectCopy } from './copy-object.ts'
import { ownHeaders, sourceHeaders } from './copy-object.ts'
import { notAsExpected } from './evidence.ts'
import { head } from './look-up.ts'
import { MOST_PARTS, Multipart } from './multipart.ts'
import { tagsOf } from './object-tags.ts'
import type { Objects } from './objects.ts'

/** Throws what keeps it from being done. */
export async function copyInParts(objects: Objects, copy: ObjectCopy, signal: AbortSignal): Promise<Outcome> {
  const { bucket, copyPartBytes } = objects
  const { to, source } = copy
  const seen = await head(bucket, source.key, signal, CHECKSUM_MODE)
  if (seen === undefined) return GONE
  if (seen instanceof RekeyError) throw seen
  if (seen.etag !== source.etag) throw notAsExpected(source.key, 'changed', seen)
  const { headers: all = {} } = seen
  const extras = { headers: headersKept(all), tags: await tagsOf(bucket, source.key, all, signal) }
  const [checksum] = checksumsIn(all)
  const begun = {
    ...headersFor(extras),
    ...ownHeaders(seen),
    ...(checksum && uploadHeaders(checksum.algorithm, checksum.isWhole)),
  }
  const upload = await Multipart.begin(bucket, to, begun, signal)
  try {
    const ranges = rangesOf(seen.sizeBytes, copyPartBytes)
    const named = sourceHeaders(bucket, seen)
    await allOrNone(ranges, signal, (range, at, ended) =>
      upload.copy(at + 1, { ...named, 'x-amz-copy-source-range': `bytes=${range}` }, ended),
    )
    // Not every server holds the parts to the source's etag.
    const after = await head(bucket, source.key, signal)
    if (after instanceof RekeyError) throw after
    if (after?.etag !== seen.etag) throw notAsExpected(source.key, 'changed', after)
  } catch (thrown) {
    await upload.abort()
    throw thrown
  }
  const whole = checksum?.isWhole && upload.checksum?.algorithm === checksum.algorithm ? checksum.value : undefined
  return await completeUpload(objects, upload, { ...copy, tags: extras.tags, checksum: whole }, signal)
}

/** `first-last` of each part, as HTTP counts bytes. Parts are longer where there would be too many. Pure. */
export function rangesOf(sizeBytes: number, partBytes: number): readonly string[] {
  const length = Math.max(partBytes, Math.ceil(sizeBytes / MOST_PARTS))
  const ranges: string[] = []
  for (let at = 0; at < sizeBytes; at += length) ranges.push(`${at}-${Math.min(at + length, sizeBytes) - 1}`)
  return ranges
}

/** Runs all side by side. When one fails the others are ended and waited for, so that none is under way any more. */
async function allOrNone<T>(
  items: readonly T[],
  signal: AbortSignal,
  work: (item: T, at: number, ended: AbortSignal) => Promise<void>,
): Promise<void> {
  const failure = new AbortController()
  const ended = AbortSignal.any([signal, failure.signal])
  const errors: unknown[] = []
  await Promise.all(
    items.map(async (item, at) => {
      try {
        await work(item, at, ended)
      } catch (thrown) {
        errors.push(thrown)
        failure.abort()
      }
    }),
  )
  if (errors.length > 0) throw errors[0]
}
