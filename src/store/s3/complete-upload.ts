/** The end of a write in parts: its guard is held, and where no answer comes it is found out what there is. */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence, Guard, Outcome } from '../contract.ts'
import { failed } from './ask.ts'
import { failureOf, isError } from './classify.ts'
import { conditionOf, guardVerdict, refusedBy } from './destination-guard.ts'
import { isKms } from './encryption.ts'
import { head } from './look-up.ts'
import type { Multipart } from './multipart.ts'
import { keepTags } from './object-tags.ts'
import type { Objects } from './objects.ts'
import { NEEDS } from './permissions.ts'
import type { Reply } from './request.ts'
import { plainEtag } from './stored-object.ts'
import { tag } from './xml.ts'

export interface Guarded {
  readonly guard: Guard
  /** with guard `match` */
  readonly expect?: Evidence | undefined
  /** what the upload was begun with; Ceph forgets them */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** the checksum of the whole content, in the upload's own algorithm, where it is known */
  readonly checksum?: string | undefined
}

/** Never throws. The upload is either completed or aborted when it ends. */
export async function completeUpload(
  objects: Objects,
  upload: Multipart,
  guarded: Guarded,
  signal: AbortSignal,
): Promise<Outcome> {
  let outcome: Outcome
  try {
    outcome = await complete(objects, upload, guarded, signal)
  } catch (thrown) {
    const error = toRekeyError(thrown)
    outcome =
      error.code === 'E_UNANSWERED' ? await findOut(objects, upload, error, signal) : { outcome: 'failed', error }
  }
  if (outcome.outcome !== 'done') {
    await upload.abort()
    return outcome
  }
  const { tags = {} } = guarded
  return (await keepTags(objects.bucket, upload.key, tags, outcome.etag ?? upload.etag, signal))
    ? outcome
    : { ...outcome, lost: ['tags'] }
}

/** Looks at the destination once more, for a write in parts takes long. */
async function complete(
  { bucket, abilities, encryption }: Objects,
  upload: Multipart,
  { guard, expect = {}, checksum }: Guarded,
  signal: AbortSignal,
): Promise<Outcome> {
  const { key } = upload
  let condition = {}
  if (guard !== 'any') {
    const there = await head(bucket, key, signal)
    const settled = guardVerdict(guard, key, expect, there, encryption)
    if (settled !== undefined) return settled
    condition = conditionOf(guard, (await abilities.writes(key, signal)).put, there)
  }
  const reply = await upload.complete(condition, checksum, signal)
  if (reply.status === 412) return refusedBy(guard, key)
  if (isError(reply)) return { outcome: 'failed', error: failureOf(reply, `completing ${keyText(key)}`, NEEDS.write) }
  return wholeOf(upload, reply)
}

/** An object of just these parts has just this etag, which Ceph leaves out of its answer. */
function wholeOf({ key, etag: expected }: Multipart, reply: Reply): Outcome {
  const etag = plainEtag(tag(reply.body.toString('utf8'), 'ETag') ?? '')
  const isOther = expected !== undefined && /^[0-9a-f]{32}-\d+$/.test(etag) && etag !== expected
  if (isOther && !isKms(reply.headers))
    return failed('E_STORE', `${keyText(key)}: the whole has the etag ${etag}, and its parts make ${expected}`)
  const known = etag === '' ? expected : etag
  return { outcome: 'done', ...(known === undefined ? {} : { etag: known }) }
}

async function findOut(
  { bucket }: Objects,
  upload: Multipart,
  error: RekeyError,
  signal: AbortSignal,
): Promise<Outcome> {
  const there = await head(bucket, upload.key, signal)
  const isOurs = there !== undefined && !(there instanceof RekeyError) && there.etag === upload.etag
  return isOurs ? { outcome: 'done', etag: there.etag } : { outcome: 'unknown', error }
}
