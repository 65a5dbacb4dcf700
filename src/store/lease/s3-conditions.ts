/**
 * What a server makes of the conditions that leases stand on, tried out on an object of our own: not only that it refuses
 * what it must, also that it carries out what it may. Ceph RGW takes the etag of If-Match without its quotes alone and
 * refuses the right one with them; the standard (RFC 9110, 8.8.3) and Amazon have them.
 */
import { randomBytes } from 'node:crypto'
import { RekeyError } from '../../record/errors.ts'
import { failureOf } from '../s3/classify.ts'
import type { Bucket } from '../s3/connection.ts'
import type { Reply } from '../s3/request.ts'

/** An etag, as an answer has it, to what the server wants to read in If-Match. */
export type Condition = (etag: string) => string

const quoted: Condition = (etag) => etag
const bare: Condition = (etag) => etag.replace(/^"(.*)"$/, '$1')

/** Throws E_UNSUPPORTED, naming the condition that is not obeyed; E_DENIED and the like when nothing may be written. */
export async function tryConditions(bucket: Bucket, directory: string, signal: AbortSignal): Promise<Condition> {
  const key = `${directory}.rekey-probe-${randomBytes(9).toString('hex')}`
  let bodies = 0
  const put = (headers: Record<string, string>) =>
    // A body that is new each time, so that an etag that was right once is wrong now.
    bucket.send({ method: 'PUT', key, headers, body: `probe ${bodies++}` }, signal)
  try {
    const created = await put({ 'if-none-match': '*' })
    if (created.status >= 300) throw failureOf(created, `trying to write below ${bucket.location}/${directory}`)
    if (!refuses(await put({ 'if-none-match': '*' }))) throw ignored(bucket, directory, 'If-None-Match')
    for (const condition of [quoted, bare]) {
      const first = created.headers.etag ?? ''
      const replaced = await put({ 'if-match': condition(first) })
      if (refuses(replaced)) continue
      if (replaced.status >= 300 || !refuses(await put({ 'if-match': condition(first) }))) break
      return condition
    }
    throw ignored(bucket, directory, 'If-Match')
  } finally {
    // What cannot be cleared away stays: it is small, and its name says what it is.
    await bucket.send({ method: 'DELETE', key }, signal).catch(() => {})
  }
}

function refuses(reply: Reply): boolean {
  return reply.status === 412
}

function ignored(bucket: Bucket, directory: string, condition: string): RekeyError {
  return new RekeyError(
    'E_UNSUPPORTED',
    `${bucket.location}/${directory}: the server does not obey ${condition} on PUT, so that two workers could hold one lease; keep the leases elsewhere with --lease`,
  )
}
