/** The tags of an object, which have requests of their own. */
import { createHash } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import { demand } from './ask.ts'
import { taggingXml, tagsIn } from './attributes.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { head } from './look-up.ts'
import type { Reply } from './request.ts'

/** Empty where there are none, and where the server knows no tags. `headers`: what a look at the object has shown. */
export async function tagsOf(
  bucket: Bucket,
  key: string,
  headers: Reply['headers'],
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const count = headers['x-amz-tagging-count']
  // AWS and Ceph count them where there are some; whoever does not count may have some all the same.
  if (count === undefined && COUNTING.some((name) => headers[name] !== undefined)) return {}
  const reply = await bucket.send({ method: 'GET', key, query: 'tagging=' }, signal)
  if (!isError(reply)) return tagsIn(reply.body.toString('utf8'))
  if (reply.status === 501 || reply.status === 404 || reply.status === 405) return {}
  throw failureOf(reply, `the tags of ${keyText(key)}`)
}

/**
 * Whether the object just written has these tags, which it is given where the server has forgotten them. An object that
 * somebody has put in its place since, as its etag shows, is left alone. Never throws.
 */
export async function keepTags(
  bucket: Bucket,
  key: string,
  tags: Readonly<Record<string, string>>,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const wanted = Object.entries(tags)
  if (wanted.length === 0) return true
  try {
    const there = await head(bucket, key, signal)
    if (there === undefined || there instanceof RekeyError || there.etag !== etag) return false
    const has = await tagsOf(bucket, key, there.headers ?? {}, signal)
    if (wanted.every(([name, value]) => has[name] === value)) return true
    const body = taggingXml(tags)
    const md5 = createHash('md5').update(body).digest('base64')
    const headers = { 'content-type': 'application/xml', 'content-md5': md5 }
    await demand(bucket, { method: 'PUT', key, query: 'tagging=', headers, body }, `tagging ${keyText(key)}`, signal)
    return true
  } catch {
    return false
  }
}

/** Headers of servers that say with every object how many tags it has, if any. */
const COUNTING = ['x-amz-id-2', 'x-rgw-object-type']

/** Copies the access control list: the owner's rights and what has been granted to others. */
export async function copyAcl(bucket: Bucket, from: string, to: string, signal: AbortSignal): Promise<void> {
  const what = `the access control list of ${keyText(to)}`
  const reply = await demand(bucket, { method: 'GET', key: from, query: 'acl=' }, what, signal)
  const headers = { 'content-type': 'application/xml' }
  await demand(bucket, { method: 'PUT', key: to, query: 'acl=', headers, body: reply.body }, what, signal)
}
