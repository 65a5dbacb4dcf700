/**
 * The listing of a bucket, in the order of its keys: the pages of ListObjectsV2, or of ListObjectVersions, fetched side by
 * side (`range-listing`). Holds up to 128 pages of 1,000 keys that wait for those before them.
 */

import { isUtf8 } from 'node:buffer'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { sameKey } from '../../record/key.ts'
import type { Entry, Range } from '../contract.ts'
import { compileGlob, globPrefix } from '../glob.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { compare } from './key-order.ts'
import { encodeBytes, encodeQuery } from './keys.ts'
import { objectsPage, versionsPage } from './list-page.ts'
import { withValues } from './list-values.ts'
import { NEEDS } from './permissions.ts'
import type { Cursor, Page } from './range-listing.ts'
import { listRanges } from './range-listing.ts'
import type { Request } from './request.ts'

/** More requests than this add nothing: the pages come faster than one core can read them. */
const WIDEST = 32
/** The type of an entry that is no content but hides what was there. */
const DELETE_MARKER = 'delete-marker'

/** Keys that begin with `prefix`. Ends quietly when the signal is aborted. Throws a RekeyError when S3 will not tell. */
export async function* listObjects(
  bucket: Bucket,
  prefix: string,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  const common = commonPrefix(prefix, range.match)
  // S3's objects have no type; a delete marker is the one thing that is of another kind.
  const isNothing = range.type !== undefined && !(range.versions === true && range.type === DELETE_MARKER)
  if (common === undefined || isNothing) return
  const ending = new AbortController()
  const stop = () => ending.abort()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const entries of selected(pagesOf(bucket, common, range, ending.signal), range)) {
      if (signal.aborted) return
      if (range.values === true) yield* withValues(bucket, entries, ending.signal)
      else if (entries.length > 0) yield entries
    }
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  } finally {
    signal.removeEventListener('abort', stop)
    ending.abort()
  }
}

function pagesOf(bucket: Bucket, prefix: string, range: Range, signal: AbortSignal): AsyncGenerator<readonly Entry[]> {
  const versions = range.versions === true
  const pages = listRanges({
    prefix,
    ...(range.after === undefined ? {} : { after: range.after }),
    width: () => Math.min(bucket.gate.limit, WIDEST),
    fetch: (cursor) => fetchPage(bucket, prefix, cursor, versions, signal),
  })
  return versions ? withWholeKeys(pages) : pages
}

async function fetchPage(
  bucket: Bucket,
  prefix: string,
  cursor: Cursor | undefined,
  versions: boolean,
  signal: AbortSignal,
): Promise<Page> {
  const query = versions ? versionsQuery(prefix, cursor) : objectsQuery(prefix, cursor)
  const request: Request = { method: 'GET', query }
  const reply = await bucket.send(request, signal)
  if (isError(reply)) throw failureOf(reply, `listing ${bucket.location}`, versions ? NEEDS.listVersions : NEEDS.list)
  const page = versions ? versionsPage(reply.body) : objectsPage(reply.body)
  if (cursor !== undefined) checkProgress(page, cursor, versions, bucket)
  return page
}

/** A server that does not begin where it is asked to would be listed for ever. */
function checkProgress({ keys, next }: Page, cursor: Cursor, versions: boolean, bucket: Bucket): void {
  const first = keys[0]
  const order = first === undefined ? 1 : compare(first, cursor.key)
  const goesOn = next === undefined || compare(next.key, cursor.key) !== 0 || next.version !== cursor.version
  if (goesOn && (order > 0 || (order === 0 && versions))) return
  throw new RekeyError('E_UNSUPPORTED', `${bucket.location}: the server does not list from where it is asked to`)
}

/** By start-after alone, which a page in the middle takes as well as the first: a continuation token says no more. */
function objectsQuery(prefix: string, cursor: Cursor | undefined): string {
  const start = cursor === undefined ? '' : `&start-after=${encoded(cursor.key)}`
  return `encoding-type=url&list-type=2${prefixQuery(prefix)}${start}`
}

function versionsQuery(prefix: string, cursor: Cursor | undefined): string {
  const key = cursor === undefined ? '' : `&key-marker=${encoded(cursor.key)}`
  const version = cursor?.version === undefined ? '' : `&version-id-marker=${encodeQuery(cursor.version)}`
  return `encoding-type=url${key}${prefixQuery(prefix)}${version}&versions=`
}

function prefixQuery(prefix: string): string {
  return prefix === '' ? '' : `&prefix=${encodeQuery(prefix)}`
}

function encoded(key: Key): string {
  return typeof key === 'string' ? encodeQuery(key) : encodeBytes(key)
}

async function* selected(
  pages: AsyncIterable<readonly Entry[]>,
  { match, type }: Range,
): AsyncGenerator<readonly Entry[]> {
  const fits = match === undefined ? undefined : compileGlob(match)
  for await (const entries of pages) {
    if (fits === undefined && type === undefined) yield entries
    else yield entries.filter((entry) => (fits?.(entry.key) ?? true) && (type === undefined || entry.type === type))
  }
}

/**
 * A listing that breaks off goes on behind the last key that was given, so the versions of one key stay together. Holds
 * the versions of one key.
 */
async function* withWholeKeys(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<readonly Entry[]> {
  let held: readonly Entry[] = []
  for await (const entries of pages) {
    const all = held.length === 0 ? entries : [...held, ...entries]
    const last = all.at(-1)?.key
    const start = all.findIndex((entry) => last !== undefined && sameKey(entry.key, last))
    if (start > 0) yield all.slice(0, start)
    held = all.slice(start)
  }
  if (held.length > 0) yield held
}

/** What S3 is to be asked for so that nothing that fits is missed; undefined when nothing can fit. */
function commonPrefix(prefix: string, match: string | undefined): string | undefined {
  if (match === undefined) return prefix
  const wanted = textOf(globPrefix(match))
  if (wanted.startsWith(prefix)) return wanted
  return prefix.startsWith(wanted) ? prefix : undefined
}

/** As much of it as is whole letters: a glob may end within one. */
function textOf(bytes: Buffer): string {
  for (let end = bytes.length; end > bytes.length - 4 && end > 0; end--) {
    if (isUtf8(bytes.subarray(0, end))) return bytes.toString('utf8', 0, end)
  }
  return ''
}
