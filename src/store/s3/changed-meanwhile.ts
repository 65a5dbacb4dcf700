/**
 * What a copy with another etag than its source's is. For servers that ignore the condition on the source: finds a copy of
 * something else than the source was, and takes it away where there was nothing before, so that a copy that has failed leaves
 * nothing. For buckets where some objects are encrypted with keys of KMS: finds a copy that is not encrypted as its source is.
 */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome } from '../contract.ts'
import { demand } from './ask.ts'
import type { Bucket } from './connection.ts'
import type { ObjectCopy } from './copy-object.ts'
import { isEncryptedAs } from './encryption.ts'
import { notAsExpected } from './evidence.ts'
import { encodeQuery } from './keys.ts'
import { head } from './look-up.ts'
import { NEEDS } from './permissions.ts'
import type { Reply } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import { isPlainEtag } from './stored-object.ts'

/**
 * The outcome of a copy that was answered with `etag`, or its source, where it is to be made again as that is encrypted; a
 * promise only where it takes a look. Never throws.
 */
export function settleCopy(
  bucket: Bucket,
  copy: ObjectCopy,
  etag: string,
  reply: Reply,
  signal: AbortSignal,
): Outcome | Promise<Outcome | StoredObject> {
  // The source's own text: the other one is a piece of the answer, all of which would be held with it.
  if (etag === copy.source.etag) return { outcome: 'done', etag: copy.source.etag }
  if (!isWorthALook(copy, etag)) return { outcome: 'done', etag }
  return lookAgain(bucket, copy, etag, reply, signal)
}

async function lookAgain(
  bucket: Bucket,
  copy: ObjectCopy,
  etag: string,
  { headers }: Reply,
  signal: AbortSignal,
): Promise<Outcome | StoredObject> {
  const { source, to, guard } = copy
  const now = await head(bucket, source.key, signal)
  if (now instanceof RekeyError) return { outcome: 'unknown', error: unseen(copy, now) }
  if (now?.etag === source.etag) {
    const isEncrypted = source.headers !== undefined || isEncryptedAs(now.headers, headers)
    return isEncrypted ? { outcome: 'done', etag } : now
  }
  const { message } = notAsExpected(source.key, 'changed', now)
  const copied = guard === 'absent' ? await takeAway(bucket, to, etag, signal) : `${keyText(to)} has what it is now`
  return { outcome: 'failed', error: new RekeyError('E_CHANGED', `${message}; ${copied}`) }
}

/**
 * | both etags plain | source seen by itself | server obeys conditions | look |
 * |---|---|---|---|
 * | yes | any | any | yes: equal contents would have equal etags, but for objects that are encrypted |
 * | no | no | any | yes: it may be encrypted with a key of KMS |
 * | no | yes | yes | no |
 * | no | yes | no, or nobody knows | yes: an object that was written in parts has another etag than its copy |
 */
function isWorthALook({ source, condition }: ObjectCopy, etag: string): boolean {
  const arePlain = isPlainEtag(etag) && isPlainEtag(source.etag)
  return arePlain || source.headers === undefined || Object.keys(condition).length === 0
}

/** Takes away the copy, just the version that was made, if it is still what this run has made. Says what became of it. */
export async function takeAway(bucket: Bucket, key: string, etag: string, signal: AbortSignal): Promise<string> {
  const there = await head(bucket, key, signal)
  if (there === undefined) return `its copy ${keyText(key)} is gone again`
  if (there instanceof RekeyError) return stays(key, there)
  if (there.etag !== etag) return `${keyText(key)} holds what somebody else has written since`
  const version = there.headers?.['x-amz-version-id']
  const just =
    version === undefined ? { headers: { 'if-match': `"${etag}"` } } : { query: `versionId=${encodeQuery(version)}` }
  try {
    await demand(bucket, { method: 'DELETE', key, ...just }, 'taking it away', signal, NEEDS.remove)
    return `its copy ${keyText(key)} was taken away again`
  } catch (thrown) {
    return stays(key, thrown)
  }
}

function stays(key: string, thrown: unknown): string {
  return `its copy ${keyText(key)} has what it is now and could not be taken away: ${(thrown as Error).message}`
}

function unseen({ source, to }: ObjectCopy, { message }: RekeyError): RekeyError {
  const what = `whether ${keyText(source.key)} had changed when it was copied to ${keyText(to)} could not be seen`
  return new RekeyError('E_UNANSWERED', `${what}: ${message}; verify tells`)
}
