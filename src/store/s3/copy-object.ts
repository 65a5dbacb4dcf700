/** Copies one object inside the bucket, with all that it has, and says what became of it. */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence, Guard, Outcome } from '../contract.ts'
import { demand, GONE, outcomeOf } from './ask.ts'
import { settleCopy, takeAway } from './changed-meanwhile.ts'
import { errorCode, failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { copyInParts } from './copy-in-parts.ts'
import { refusedBy } from './destination-guard.ts'
import { encryptionHeaders } from './encryption.ts'
import { notAsExpected } from './evidence.ts'
import { encodeKey, encodeQuery } from './keys.ts'
import { head } from './look-up.ts'
import { copyAcl } from './object-tags.ts'
import type { Objects } from './objects.ts'
import { NEEDS } from './permissions.ts'
import type { Reply, Request } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import { plainEtag } from './stored-object.ts'
import { tag } from './xml.ts'

export interface ObjectCopy {
  readonly source: StoredObject
  readonly to: string
  readonly guard: Guard
  /** with guard `match` */
  readonly expect: Evidence
  /** headers by which the server holds to the guard; none where it would not */
  readonly condition: Readonly<Record<string, string>>
}

/** Never rejects. */
export function copyObject(objects: Objects, copy: ObjectCopy, signal: AbortSignal): Promise<Outcome> {
  const { bucket, acl, copyLimitBytes } = objects
  const copied =
    copy.source.sizeBytes > copyLimitBytes
      ? copyInParts(objects, copy, signal).catch(outcomeOf)
      : copyAtOnce(objects, copy, signal)
  return acl ? copied.then((outcome) => keepAcl(bucket, copy, outcome, signal)) : copied
}

function copyAtOnce(objects: Objects, copy: ObjectCopy, signal: AbortSignal): Promise<Outcome> {
  return objects.bucket.send(requestFor(objects.bucket, copy), signal).then((reply) => {
    const settled = settle(objects, copy, reply, signal)
    return settled instanceof Promise ? settled.catch(outcomeOf) : settled
  }, outcomeOf)
}

function keepAcl(
  bucket: Bucket,
  { source, to }: ObjectCopy,
  outcome: Outcome,
  signal: AbortSignal,
): Outcome | Promise<Outcome> {
  return outcome.outcome === 'done' ? withAcl(bucket, source.key, to, outcome, signal) : outcome
}

export async function withAcl(
  bucket: Bucket,
  from: string,
  to: string,
  done: Extract<Outcome, { outcome: 'done' }>,
  signal: AbortSignal,
): Promise<Outcome> {
  const isKept = await copyAcl(bucket, from, to, signal).then(
    () => true,
    () => false,
  )
  return isKept ? done : { ...done, lost: ['acl'] }
}

/** The headers that name the source, as it was when it was looked at, and `condition`. */
export function sourceHeaders(
  bucket: Bucket,
  { key, etag }: StoredObject,
  condition: ObjectCopy['condition'] = {},
): Record<string, string> {
  return {
    'x-amz-copy-source': `/${bucket.name}/${encodeKey(key)}`,
    'x-amz-copy-source-if-match': `"${etag}"`,
    ...condition,
  }
}

/** S3 copies headers, metadata and tags by itself, but neither the storage class nor a key of KMS. */
export function ownHeaders({ storageClass, headers }: StoredObject): Record<string, string> {
  return {
    ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }),
    ...encryptionHeaders(headers),
  }
}

function requestFor(bucket: Bucket, { source, to, condition }: ObjectCopy): Request {
  const isPlain = source.storageClass === undefined && source.headers === undefined
  const headers = sourceHeaders(bucket, source, condition)
  return { method: 'PUT', key: to, headers: isPlain ? headers : { ...headers, ...ownHeaders(source) } }
}

function settle(objects: Objects, copy: ObjectCopy, reply: Reply, signal: AbortSignal): Outcome | Promise<Outcome> {
  if (isError(reply)) return refusal(objects.bucket, copy, reply, signal)
  const etag = plainEtag(tag(reply.body.toString('latin1'), 'ETag') ?? '')
  const settled = settleCopy(objects.bucket, copy, etag, reply, signal)
  if (!(settled instanceof Promise)) return settled
  return settled.then((found) => ('outcome' in found ? found : copyAgain(objects, copy, etag, found, reply, signal)))
}

/** Over the copy that was just made, which is encrypted in another way than its source, and is not to stay as a version. */
async function copyAgain(
  objects: Objects,
  copy: ObjectCopy,
  etag: string,
  source: StoredObject,
  { headers }: Reply,
  signal: AbortSignal,
): Promise<Outcome> {
  const { bucket, encryption } = objects
  await encryption.learn(source, signal)
  const condition = Object.keys(copy.condition).length === 0 ? {} : { 'if-match': `"${etag}"` }
  const again = { ...copy, source, condition }
  const outcome = await bucket.send(requestFor(bucket, again), signal).then(
    (reply) => settle(objects, again, reply, signal),
    (thrown) => unlessAsBefore(bucket, copy.to, etag, thrown, signal),
  )
  // A record that has failed stands for a destination that holds nothing of this run.
  if (outcome.outcome === 'failed' && copy.guard === 'absent') await takeAway(bucket, copy.to, etag, signal)
  const version = headers['x-amz-version-id']
  if (version !== undefined && version !== 'null') {
    const query = `versionId=${encodeQuery(version)}`
    await demand(bucket, { method: 'DELETE', key: copy.to, query }, 'taking away a version', signal).catch(() => {})
  }
  return outcome
}

/** A copy that got no answer has not been made where its destination still has the etag from before it: it is to be tried again. */
async function unlessAsBefore(
  bucket: Bucket,
  to: string,
  etag: string,
  thrown: unknown,
  signal: AbortSignal,
): Promise<Outcome> {
  const there = await head(bucket, to, signal)
  const isAsBefore = there !== undefined && 'etag' in there && there.etag === etag
  if (!isAsBefore) return outcomeOf(thrown)
  return { outcome: 'failed', error: new RekeyError('E_CONNECTION', toRekeyError(thrown).message, { cause: thrown }) }
}

/** What an error in answer to a copy means for the pair. */
export async function refusal(bucket: Bucket, copy: ObjectCopy, reply: Reply, signal: AbortSignal): Promise<Outcome> {
  const { source, to, guard, condition } = copy
  const code = errorCode(reply)
  if (reply.status === 412 || code === 'PreconditionFailed') {
    if (Object.keys(condition).length > 0 && (await isOfDestination(bucket, copy, reply, signal)))
      return refusedBy(guard, to)
    return { outcome: 'failed', error: notAsExpected(source.key, 'changed') }
  }
  if (code === 'NoSuchKey') return GONE
  const what = `copying ${keyText(source.key)} to ${keyText(to)}`
  return { outcome: 'failed', error: failureOf(reply, what, NEEDS.copy) }
}

/** Which of the two conditions has failed: AWS says it, and otherwise a look at the source tells. */
async function isOfDestination(
  bucket: Bucket,
  { source }: ObjectCopy,
  { body }: Reply,
  signal: AbortSignal,
): Promise<boolean> {
  const condition = tag(body.toString('utf8'), 'Condition')
  if (condition !== undefined) return !/copy-source/i.test(condition)
  const now = await head(bucket, source.key, signal)
  return now !== undefined && 'etag' in now && now.etag === source.etag
}
