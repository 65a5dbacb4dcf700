/** What an object has beside its bytes: headers and tags, as answers tell them and as requests give them. Pure. */
import type { Extras } from '../contract.ts'
import type { Reply } from './connection.ts'
import { encodeQuery } from './keys.ts'
import { escapeXml, tag, tags, unescapeXml } from './xml.ts'

const KEPT = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
]
const METADATA = 'x-amz-meta-'

/** Those headers of an answer that belong to the object, and that a request to write it may give. */
export function headersKept(headers: Reply['headers']): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && (KEPT.includes(name) || name.startsWith(METADATA))) kept[name] = value
  }
  if (kept['x-amz-storage-class'] === 'STANDARD') delete kept['x-amz-storage-class']
  return kept
}

/** The headers of a request that writes with these. A header that no object has is left out. */
export function headersFor({ headers = {}, tags: given = {} }: Extras): Record<string, string> {
  const tagging = Object.entries(given).map(([name, value]) => `${encodeQuery(name)}=${encodeQuery(value)}`)
  return { ...headersKept(headers), ...(tagging.length === 0 ? {} : { 'x-amz-tagging': tagging.join('&') }) }
}

/** The answer to GetObjectTagging. */
export function tagsIn(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const one of tags(text, 'Tag')) {
    found[unescapeXml(tag(one, 'Key') ?? '')] = unescapeXml(tag(one, 'Value') ?? '')
  }
  return found
}

/** The body of a PutObjectTagging. */
export function taggingXml(given: Readonly<Record<string, string>>): string {
  const set = Object.entries(given).map(
    ([name, value]) => `<Tag><Key>${escapeXml(name)}</Key><Value>${escapeXml(value)}</Value></Tag>`,
  )
  return `<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet>${set.join('')}</TagSet></Tagging>`
}
