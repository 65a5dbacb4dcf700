/** DeleteObjects: up to a thousand deletions in one request, and what its answer says of each. Pure. */
import { createHash } from 'node:crypto'
import type { Reply, Request } from './request.ts'
import { escapeXml, tag, tags, unescapeXml } from './xml.ts'

export const MOST_DELETIONS = 1000

export interface ObjectDeletion {
  readonly key: string
  /** delete only while it has this etag, quotes included; for servers that obey that */
  readonly etag?: string
  readonly version?: string
}

export type DeletionAnswer = { readonly marker?: string } | { readonly code: string; readonly message: string }

export function deletionOf(deletions: readonly ObjectDeletion[]): Request {
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${deletions.map(elementOf).join('')}</Delete>`
  const md5 = createHash('md5').update(body).digest('base64')
  return { method: 'POST', query: 'delete=', headers: { 'content-md5': md5, 'content-type': 'application/xml' }, body }
}

/** Whether XML can hold a key at all; one with other control characters needs a request of its own. */
export function fitsXml(key: string): boolean {
  return !UNFIT.test(key)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML cannot hold
const UNFIT = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/

/** By key, or by key and version; one that is not there has not been answered. */
export function deletionAnswers({ body }: Reply): ReadonlyMap<string, DeletionAnswer> {
  const text = body.toString('utf8')
  const answers = new Map<string, DeletionAnswer>()
  for (const deleted of tags(text, 'Deleted')) {
    const marker = tag(deleted, 'DeleteMarkerVersionId')
    answers.set(keyIn(deleted), marker === undefined ? {} : { marker: unescapeXml(marker) })
  }
  for (const error of tags(text, 'Error')) {
    const code = tag(error, 'Code') ?? ''
    answers.set(keyIn(error), { code, message: unescapeXml(tag(error, 'Message') ?? '') })
  }
  return answers
}

function keyIn(text: string): string {
  return unescapeXml(tag(text, 'Key') ?? '')
}

function elementOf({ key, etag, version }: ObjectDeletion): string {
  const only = etag === undefined ? '' : `<ETag>${escapeXml(etag)}</ETag>`
  const which = version === undefined ? '' : `<VersionId>${escapeXml(version)}</VersionId>`
  return `<Object><Key>${escapeXml(key)}</Key>${which}${only}</Object>`
}
