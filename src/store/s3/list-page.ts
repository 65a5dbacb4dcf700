/**
 * The answer of ListObjectsV2 and ListObjectVersions as entries. Scans for the elements that are wanted, in whatever order
 * they stand, within each key's element; a million keys pass through here.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyOf } from '../../record/key.ts'
import type { Entry } from '../contract.ts'
import type { Cursor, Page } from './range-listing.ts'
import { plainEtag } from './stored-object.ts'
import { tag, unescapeXml } from './xml.ts'

/** Keys looked at of each page before it is read. */
const SAMPLES = 24

/**
 * Throws E_CONNECTION for an answer that is cut short, which some connections do not show, E_STORE for none at all and for
 * one after which nobody can go on: taken for the last, it would lose all the keys behind it.
 */
export function objectsPage(body: Buffer): Page {
  const format = formatOf(body, 'ListBucketResult')
  const keys = sampleOf(body, format)
  const last = keys.at(-1)
  const page = { keys, entries: () => objectsIn(body, format) }
  if (!isTruncated(body)) return page
  if (last === undefined) throw endless()
  return { ...page, next: { key: last } }
}

function endless(): RekeyError {
  return new RekeyError('E_STORE', 'the answer to a listing says that there is more, and not behind which key')
}

/** Here and there, and the first and the last. */
function sampleOf(body: Buffer, { encoding, toKey }: Format): Key[] {
  const keys: Key[] = []
  const last = body.lastIndexOf('<Key>')
  if (last === -1) return keys
  let before = -1
  for (let nth = 0; nth <= SAMPLES; nth++) {
    const at = nth === SAMPLES ? last : body.indexOf('<Key>', Math.floor((last * nth) / SAMPLES))
    if (at === before) continue
    keys.push(toKey(body.toString(encoding, at + 5, body.indexOf('</Key>', at))))
    before = at
  }
  return keys
}

function objectsIn(body: Buffer, { encoding, toKey }: Format): readonly Entry[] {
  const text = body.toString(encoding)
  const entries: Entry[] = []
  for (let at = text.indexOf('<Contents>'); at !== -1; ) {
    const end = text.indexOf('</Contents>', at)
    entries.push(entryAt(text, at, end, toKey))
    at = nextElement(text, '<Contents>', end + 11)
  }
  return entries
}

/** Versions and delete markers, in the order of the keys and each key's newest first. */
export function versionsPage(body: Buffer): Page {
  const { encoding, toKey } = formatOf(body, 'ListVersionsResult')
  const text = body.toString(encoding)
  const entries: Entry[] = []
  for (let at = 0; ; ) {
    const version = text.indexOf('<Version>', at)
    const marker = text.indexOf('<DeleteMarker>', at)
    if (version === -1 && marker === -1) break
    const isMarker = version === -1 || (marker !== -1 && marker < version)
    const start = isMarker ? marker : version
    const end = text.indexOf(isMarker ? '</DeleteMarker>' : '</Version>', start)
    const inside = text.slice(start, end)
    entries.push({
      version: tag(inside, 'VersionId') ?? 'null',
      latest: tag(inside, 'IsLatest') === 'true',
      ...entryAt(text, start, end, toKey),
      ...(isMarker && { type: 'delete-marker' }),
    })
    at = end
  }
  const page = { keys: entries.map((entry) => entry.key), entries: () => entries }
  if (!isTruncated(body)) return page
  const last = entries.at(-1)
  const key = tag(text, 'NextKeyMarker')
  if (key === undefined && last === undefined) throw endless()
  if (key === undefined) return { ...page, next: last as Cursor }
  const version = tag(text, 'NextVersionIdMarker')
  const next: Cursor = { key: toKey(key), ...(version !== undefined && version !== '' && { version }) }
  return { ...page, next }
}

export interface Format {
  readonly encoding: 'latin1' | 'utf8'
  readonly toKey: (text: string) => Key
}

/** Throws E_STORE for what is no such answer, E_CONNECTION for one that is cut short. */
export function formatOf(body: Buffer, root: string): Format {
  const start = body.indexOf(`<${root}`)
  if (start === -1) throw new RekeyError('E_STORE', `the answer to a listing is no ${root}`)
  if (body.indexOf(`</${root}>`, Math.max(start, body.length - 64)) === -1) {
    throw new RekeyError('E_CONNECTION', 'the answer to a listing is cut short')
  }
  // With keys encoded, as is asked for, everything that is read is ASCII.
  const isEncoded = body.includes('<EncodingType>url</EncodingType>')
  return isEncoded ? { encoding: 'latin1', toKey: decodeKey } : { encoding: 'utf8', toKey: unescapeXml }
}

/** The element of a key that stands from `start` to `end`. */
export function entryAt(text: string, start: number, end: number, toKey: (text: string) => Key): Entry {
  const key = text.indexOf('<Key>', start) + 5
  const size = between(text, '<Size>', '</Size>', start, end)
  const etag = between(text, '<ETag>', '</ETag>', start, end)
  const modified = text.indexOf('<LastModified>', start) + 14
  const entry: { -readonly [Name in keyof Entry]: Entry[Name] } = {
    key: toKey(text.slice(key, text.indexOf('</Key>', key))),
  }
  if (size !== undefined) entry.sizeBytes = Number(size)
  if (etag !== undefined) entry.etag = plainEtag(etag)
  if (modified > 14 && modified < end) entry.mtimeMs = timeAt(text, modified)
  return entry
}

/** The text of an element that begins before `limit`. */
export function between(text: string, open: string, close: string, start: number, limit: number): string | undefined {
  const at = text.indexOf(open, start)
  if (at === -1 || at > limit) return undefined
  return text.slice(at + open.length, text.indexOf(close, at))
}

/** The next element of this name, which mostly stands right here. */
export function nextElement(text: string, open: string, at: number): number {
  return text.startsWith(open, at) ? at : text.indexOf(open, at)
}

export function isTruncated(body: Buffer): boolean {
  return body.includes('<IsTruncated>true</IsTruncated>')
}

/** `encoding-type=url`: as in a form, so that a plus is a space. Ceph leaves an apostrophe, for XML to encode. */
function decodeKey(text: string): Key {
  if (!ENCODED.test(text)) return text
  const spaced = unescapeXml(text).replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    const bytes = spaced.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    return keyOf(Buffer.from(bytes, 'latin1'))
  }
}

const ENCODED = /[%+&]/

/** `2026-01-02T03:04:05.678Z` at `at`, in whole seconds, which is all that a HEAD tells of it. */
function timeAt(text: string, at: number): number {
  if (text.charCodeAt(at + 10) !== T || text.charCodeAt(at + 23) !== Z) {
    return Math.floor(Date.parse(text.slice(at, text.indexOf('<', at))) / 1000) * 1000
  }
  const year = twoDigits(text, at) * 100 + twoDigits(text, at + 2)
  const month = twoDigits(text, at + 5) - 1
  const day = twoDigits(text, at + 8)
  return Date.UTC(year, month, day, twoDigits(text, at + 11), twoDigits(text, at + 14), twoDigits(text, at + 17))
}

const T = 0x54
const Z = 0x5a
const ZERO = 0x30

function twoDigits(text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 11 * ZERO
}
