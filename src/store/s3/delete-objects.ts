/**
 * Removes objects that are still what a record says they were, up to a thousand a request. Between the look and the
 * removal there is no lock, unless the server obeys a condition on it. On a versioned bucket nothing is lost: the
 * outcome names the delete marker that hides the object now.
 */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Outcome, Target } from '../contract.ts'
import type { DeleteAbilities } from './abilities.ts'
import { GONE, outcomeOf } from './ask.ts'
import { failureOf, isError } from './classify.ts'
import type { ObjectDeletion } from './deletion-request.ts'
import { deletionAnswers, deletionOf, fitsXml, MOST_DELETIONS } from './deletion-request.ts'
import { notAsExpected, weigh } from './evidence.ts'
import type { Found } from './look-up.ts'
import { lookUp } from './look-up.ts'
import type { Objects } from './objects.ts'
import { NEEDS } from './permissions.ts'
import type { StoredObject } from './stored-object.ts'

export async function deleteObjects(
  objects: Objects,
  targets: readonly Target[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const { bucket, abilities, encryption } = objects
  const found = await lookUp(
    bucket,
    targets.map(({ key }) => key),
    signal,
  )
  const example = found.find(isObject)
  if (example !== undefined) await encryption.learn(example, signal)
  const outcomes = await Promise.all(targets.map((target, at) => verdictOf(objects, target, found[at], signal)))
  const open = found.filter((_, at) => outcomes[at] === undefined) as StoredObject[]
  if (open.length === 0) return outcomes as Outcome[]
  let removed: ReadonlyMap<string, Outcome>
  try {
    const obeyed = await abilities.deletes(open[0]?.key ?? '', signal)
    removed = await removeAll(objects, open, obeyed, signal)
  } catch (thrown) {
    // Only the probe throws: nothing has been removed.
    const outcome = outcomeOf(thrown)
    removed = new Map(open.map(({ key }) => [key, outcome]))
  }
  return outcomes.map((outcome, at) => outcome ?? (removed.get(targets[at]?.key as string) as Outcome))
}

/** What settles a target without a removal. One that is gone was maybe hidden by a run that could not tell it any more. */
async function verdictOf(
  { encryption, hidden }: Objects,
  { key, expect }: Target,
  found: Found,
  signal: AbortSignal,
): Promise<Outcome | undefined> {
  if (found === undefined) {
    const marker = await hidden.markerOf(key as string, expect, signal)
    return marker === undefined ? GONE : { marker, ...GONE }
  }
  if (found instanceof RekeyError) return { outcome: 'failed', error: found }
  const verdict = weigh(expect, found, encryption)
  return verdict === 'same' ? undefined : { outcome: 'failed', error: notAsExpected(found.key, verdict, found) }
}

function isObject(found: Found): found is StoredObject {
  return found !== undefined && !(found instanceof RekeyError)
}

async function removeAll(
  { bucket, hidden }: Objects,
  open: readonly StoredObject[],
  obeyed: DeleteAbilities,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const note = async (key: string, outcome: Promise<Outcome>): Promise<void> => {
    outcomes.set(key, await outcome)
  }
  const apart = open.filter(({ key }) => !fitsXml(key))
  const together = open.filter(({ key }) => fitsXml(key))
  const calls: Promise<void>[] = apart.map((object) => note(object.key, removeOne(bucket, object, obeyed.one, signal)))
  for (let at = 0; at < together.length; at += MOST_DELETIONS) {
    const some = together
      .slice(at, at + MOST_DELETIONS)
      .map(({ key, etag }): ObjectDeletion => (obeyed.many ? { key, etag: `"${etag}"` } : { key }))
    calls.push(removeSome(bucket, some, outcomes, signal))
  }
  await Promise.all(calls)
  await Promise.all(open.map((object) => nameMarker(hidden, object, outcomes, signal)))
  return outcomes
}

/**
 * Swift makes a marker and does not say so: it is looked for, on a bucket that has versions. One without a version of its
 * own, as a bucket makes whose versions are suspended, has taken the place of what was written since: it is named only
 * where what it hides is still beneath.
 */
async function nameMarker(
  hidden: Objects['hidden'],
  object: StoredObject,
  outcomes: Map<string, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  const outcome = outcomes.get(object.key)
  if (outcome?.outcome !== 'done' || (outcome.marker !== undefined && outcome.marker !== NO_VERSION)) return
  const { marker: _, ...deleted } = outcome
  const marker = await hidden.markerOf(object.key, object, signal)
  outcomes.set(object.key, marker === undefined ? deleted : { marker, ...deleted })
}

const NO_VERSION = 'null'

/** Notes an outcome for each deletion of one request. */
export async function removeSome(
  bucket: Objects['bucket'],
  deletions: readonly ObjectDeletion[],
  outcomes: Map<string, Outcome>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const reply = await bucket.send(deletionOf(deletions), signal)
    if (isError(reply)) throw failureOf(reply, 'DeleteObjects', NEEDS.remove)
    const answers = deletionAnswers(reply)
    for (const { key } of deletions) {
      const answer = answers.get(key)
      if (answer === undefined) outcomes.set(key, unanswered(key))
      else if ('code' in answer) outcomes.set(key, refusal(key, answer))
      else outcomes.set(key, { outcome: 'done', ...answer })
    }
  } catch (thrown) {
    for (const { key } of deletions) outcomes.set(key, outcomeOf(thrown))
  }
}

async function removeOne(
  bucket: Objects['bucket'],
  { key, etag }: StoredObject,
  isObeyed: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const headers = isObeyed ? { headers: { 'if-match': `"${etag}"` } } : {}
  try {
    const reply = await bucket.send({ method: 'DELETE', key, ...headers }, signal)
    if (reply.status === 412) return { outcome: 'failed', error: notAsExpected(key, 'changed') }
    if (isError(reply)) return { outcome: 'failed', error: failureOf(reply, `deleting ${keyText(key)}`, NEEDS.remove) }
    const marker = reply.headers['x-amz-delete-marker'] === 'true' ? reply.headers['x-amz-version-id'] : undefined
    return marker === undefined ? { outcome: 'done' } : { outcome: 'done', marker }
  } catch (thrown) {
    return outcomeOf(thrown)
  }
}

function refusal(key: string, { code, message }: { readonly code: string; readonly message: string }): Outcome {
  if (code === 'PreconditionFailed') return { outcome: 'failed', error: notAsExpected(key, 'changed') }
  const body = Buffer.from(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`)
  return {
    outcome: 'failed',
    error: failureOf({ status: 200, headers: {}, body }, `deleting ${keyText(key)}`, NEEDS.remove),
  }
}

function unanswered(key: string): Outcome {
  const error = new RekeyError('E_UNANSWERED', `deleting ${keyText(key)}: the answer does not name it`)
  return { outcome: 'unknown', error }
}
