/** One page of a listing in which keys are looked up: ListObjectsV2 from just before a key. */
import type { Entry } from '../contract.ts'
import { demand } from './ask.ts'
import type { Bucket } from './connection.ts'
import { encodeQuery } from './keys.ts'
import { between, entryAt, formatOf, isTruncated, nextElement } from './list-page.ts'
import { NEEDS } from './permissions.ts'
import type { StoredObject } from './stored-object.ts'

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
  const query = pageQuery(prefix, first)
  const { body } =
    bucket.takeOpening(query) ??
    (await demand(bucket, { method: 'GET', query }, `listing ${bucket.location}`, signal, NEEDS.list))
  return { objects: objectsIn(body), isTruncated: isTruncated(body) }
}

/** What such a page is asked for with. */
export function pageQuery(prefix: string, first: string): string {
  const after = justBefore(first)
  const startAfter = after === '' ? '' : `&start-after=${encodeQuery(after)}`
  return `encoding-type=url&list-type=2&max-keys=1000&prefix=${encodeQuery(prefix)}${startAfter}`
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

/** Keys that are no text are left out: nobody can ask for them. */
function objectsIn(body: Buffer): StoredObject[] {
  const { encoding, toKey } = formatOf(body, 'ListBucketResult')
  const text = body.toString(encoding)
  const objects: StoredObject[] = []
  for (let at = text.indexOf('<Contents>'); at !== -1; ) {
    const end = text.indexOf('</Contents>', at)
    const entry = entryAt(text, at, end, toKey)
    if (typeof entry.key === 'string')
      objects.push(objectOf(entry, between(text, '<StorageClass>', '</StorageClass>', at, end)))
    at = nextElement(text, '<Contents>', end + 11)
  }
  return objects
}

/** The entry itself where that says all there is to say, as it mostly does. */
function objectOf(entry: Entry, storageClass: string | undefined): StoredObject {
  const { key, sizeBytes = 0, etag = '', mtimeMs = 0 } = entry
  const object = isWhole(entry) ? entry : { key: key as string, sizeBytes, etag, mtimeMs }
  return storageClass === undefined || storageClass === 'STANDARD' ? object : { storageClass, ...object }
}

function isWhole(entry: Entry): entry is StoredObject {
  const { key, sizeBytes, etag, mtimeMs } = entry
  return typeof key === 'string' && sizeBytes !== undefined && etag !== undefined && mtimeMs !== undefined
}
