/**
 * For servers that ignore the condition on the source of a copy: finds a copy of something else than the source was, and
 * takes it away where there was nothing before, so that a copy that has failed leaves nothing.
 */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome } from '../contract.ts'
import { demand } from './ask.ts'
import type { Bucket } from './connection.ts'
import type { ObjectCopy } from './copy-object.ts'
import { notAsExpected } from './evidence.ts'
import { encodeQuery } from './keys.ts'
import { head } from './look-up.ts'
import { NEEDS } from './permissions.ts'
import { isPlainEtag } from './stored-object.ts'

/** The outcome of a copy that was answered with `etag`; a promise only where it takes a look. Never throws. */
export function settleCopy(
  bucket: Bucket,
  copy: ObjectCopy,
  etag: string,
  signal: AbortSignal,
): Outcome | Promise<Outcome> {
  if (etag === copy.source.etag || !isWorthALook(copy, etag)) return { outcome: 'done', etag }
  return lookAgain(bucket, copy, etag, signal)
}

async function lookAgain(bucket: Bucket, copy: ObjectCopy, etag: string, signal: AbortSignal): Promise<Outcome> {
  const { source, to, guard } = copy
  const now = await head(bucket, source.key, signal)
  if (now instanceof RekeyError) return { outcome: 'unknown', error: unseen(copy, now) }
  if (now?.etag === source.etag) return { outcome: 'done', etag }
  const { message } = notAsExpected(source.key, 'changed', now)
  const copied = guard === 'absent' ? await takeAway(bucket, to, etag, signal) : `${keyText(to)} has what it is now`
  return { outcome: 'failed', error: new RekeyError('E_CHANGED', `${message}; ${copied}`) }
}

/**
 * | both etags plain | server obeys conditions | look |
 * |---|---|---|
 * | yes | any | yes: equal contents would have equal etags, but for objects that are encrypted |
 * | no | yes | no |
 * | no | no, or nobody knows | yes: an object that was written in parts has another etag than its copy |
 */
function isWorthALook({ source, condition }: ObjectCopy, etag: string): boolean {
  return (isPlainEtag(etag) && isPlainEtag(source.etag)) || Object.keys(condition).length === 0
}

/** Takes away the copy, just the version that was made, if it is still what this run has made. Says what became of it. */
async function takeAway(bucket: Bucket, key: string, etag: string, signal: AbortSignal): Promise<string> {
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
