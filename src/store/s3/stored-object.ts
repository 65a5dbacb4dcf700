/** One object as S3 tells of it, in a listing or in the headers of an answer. */
import type { Entry } from '../contract.ts'
import type { Reply } from './request.ts'

export interface StoredObject extends Entry {
  readonly key: string
  readonly sizeBytes: number
  readonly etag: string
  /** in whole seconds, as a HEAD tells it, so that every way to look at an object tells the same */
  readonly mtimeMs: number
  /** absent for STANDARD */
  readonly storageClass?: string
  /** what only the headers tell; absent for an object from a listing */
  readonly headers?: Reply['headers']
}

/** From the headers of an answer to HEAD or GET. */
export function objectOf(key: string, headers: Reply['headers']): StoredObject {
  const storageClass = headers['x-amz-storage-class']
  return {
    key,
    sizeBytes: Number(headers['content-length'] ?? 0),
    etag: plainEtag(headers.etag ?? ''),
    mtimeMs: wholeSeconds(Date.parse(headers['last-modified'] ?? '')),
    ...(storageClass === undefined || storageClass === 'STANDARD' ? {} : { storageClass }),
    headers,
  }
}

/** What the contract's callers get to see of an object in the bucket at `place`. */
export function entryOf({ key, sizeBytes, etag, mtimeMs }: StoredObject, place: string): Entry {
  return { key, sizeBytes, etag, mtimeMs, object: `${place}/${key}` }
}

export function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

/** Without quotes, also those that XML has as references. */
export function plainEtag(text: string): string {
  for (const quote of QUOTES) {
    if (text.startsWith(quote) && text.endsWith(quote)) return text.slice(quote.length, -quote.length)
  }
  return text.replace(/&quot;|&#34;|"/g, '')
}

const QUOTES = ['&quot;', '"', '&#34;']

/** Whether it may be the MD5 of the content; that of an upload in parts ends with `-` and their number. */
export function isPlainEtag(etag: string): boolean {
  return /^[0-9a-f]{32}$/.test(etag)
}
