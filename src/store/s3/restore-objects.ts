/**
 * Takes delete markers away, just these, so that what they hide is there again. Each is looked at first: a version that
 * is no marker is content, and is never touched.
 */
import { keyText } from '../../record/key.ts'
import type { Hidden, Outcome } from '../contract.ts'
import { failed, GONE, outcomeOf } from './ask.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { nameOf } from './key-name.ts'
import { encodeQuery } from './keys.ts'
import { versionsPage } from './list-page.ts'

export function restoreObjects(
  bucket: Bucket,
  hidden: readonly Hidden[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  return Promise.all(hidden.map((one) => restoreOne(bucket, one, signal).catch(outcomeOf)))
}

async function restoreOne(bucket: Bucket, { key, marker }: Hidden, signal: AbortSignal): Promise<Outcome> {
  const name = nameOf(key)
  if (typeof name !== 'string') return { outcome: 'failed', error: name }
  const version = { key: name, query: `versionId=${encodeQuery(marker)}` }
  const what = `the delete marker ${marker} of ${keyText(key)}`
  const looked = await bucket.send({ method: 'HEAD', ...version }, signal)
  // A look at a delete marker is refused, and the refusal says what it is.
  const isMarker =
    looked.headers['x-amz-delete-marker'] === 'true' ||
    (looked.status === 404 && (await isListed(bucket, name, marker, signal)))
  if (!isMarker && (looked.status === 404 || looked.status === 400)) return GONE
  if (!isMarker && looked.status >= 300 && looked.status !== 405)
    return { outcome: 'failed', error: failureOf(looked, what) }
  if (!isMarker && looked.status < 300) return failed('E_CHANGED', `${what} is a version with content, and stays`)
  const reply = await bucket.send({ method: 'DELETE', ...version }, signal)
  return isError(reply) ? { outcome: 'failed', error: failureOf(reply, what) } : { outcome: 'done' }
}

/** Ceph says no more of a marker than that nothing is there. The newest versions of the key come first. */
async function isListed(bucket: Bucket, name: string, marker: string, signal: AbortSignal): Promise<boolean> {
  const query = `encoding-type=url&prefix=${encodeQuery(name)}&versions=`
  const reply = await bucket.send({ method: 'GET', query }, signal)
  if (isError(reply)) throw failureOf(reply, `listing the versions of ${name}`)
  return versionsPage(reply.body)
    .entries()
    .some(({ key, type, version }) => key === name && type === 'delete-marker' && version === marker)
}
