/** One page of a listing in which keys are looked up: ListObjectsV2 from just before a key. */
import { demand } from './ask.ts'
import type { Bucket } from './connection.ts'
import { encodeQuery } from './keys.ts'
import { NEEDS } from './permissions.ts'
import type { StoredObject } from './stored-object.ts'
import { plainEtag, wholeSeconds } from './stored-object.ts'
import { tag, unescapeXml } from './xml.ts'

export interface ObjectPage {
  readonly objects: readonly StoredObject[]
  /** there are more behind the last one */
  readonly isTruncated: boolean
}

/** The first thousand objects from `first` on whose keys begin with `prefix`. */
export async function objectPage(
  bucket: Bucket,
  prefix: string,
  first: string,
  signal: AbortSignal,
): Promise<ObjectPage> {
  const after = justBefore(first)
  const startAfter = after === '' ? '' : `&start-after=${encodeQuery(after)}`
  const query = `encoding-type=url&list-type=2&max-keys=1000&prefix=${encodeQuery(prefix)}${startAfter}`
  const reply = await demand(bucket, { method: 'GET', query }, `listing ${bucket.location}`, signal, NEEDS.list)
  const text = reply.body.toString('utf8')
  return { objects: objectsIn(text), isTruncated: tag(text, 'IsTruncated') === 'true' }
}

/** The greatest character that is no non-character, so that every server takes it. */
const GREATEST = '\u{10fffd}'

/**
 * A string below `key`, with hardly a key between the two: its last character one less, and the greatest behind that.
 * Empty for what nothing stands before.
 */
export function justBefore(key: string): string {
  const last = [...key].at(-1) ?? ''
  const start = key.slice(0, key.length - last.length)
  const code = last.codePointAt(0) ?? 0
  if (code === 0) return start
  // Below the surrogates, which are no characters, comes U+D7FF.
  const lower = start + String.fromCodePoint(code === 0xe000 ? 0xd7ff : code - 1)
  return Buffer.byteLength(lower, 'utf8') + 4 <= 1024 ? lower + GREATEST : lower
}

function objectsIn(text: string): StoredObject[] {
  const objects: StoredObject[] = []
  for (let at = text.indexOf('<Contents>'); at !== -1; ) {
    const end = text.indexOf('</Contents>', at)
    if (end === -1) break
    objects.push(objectIn(text.slice(at, end)))
    at = text.indexOf('<Contents>', end)
  }
  return objects
}

function objectIn(text: string): StoredObject {
  const storageClass = tag(text, 'StorageClass')
  return {
    key: decoded(tag(text, 'Key') ?? ''),
    sizeBytes: Number(tag(text, 'Size')),
    etag: plainEtag(tag(text, 'ETag') ?? ''),
    mtimeMs: wholeSeconds(Date.parse(tag(text, 'LastModified') ?? '')),
    ...(storageClass === undefined || storageClass === 'STANDARD' ? {} : { storageClass }),
  }
}

/** As encoding-type=url has it, in XML: some servers write a space as `+`, and then a plus as %2B, and Ceph ' as &apos;. */
function decoded(escaped: string): string {
  const text = unescapeXml(escaped)
  return text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', ' ')) : text
}
