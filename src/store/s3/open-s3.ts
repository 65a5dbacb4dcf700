/** Opens a bucket. */
import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'
import { Gate } from '../aws/gate.ts'
import type { Store, StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { failureOf } from './classify.ts'
import { Bucket } from './connection.ts'
import { readLocation } from './location.ts'
import { s3Store } from './s3-store.ts'

/**
 * Asks for one key, so that a missing bucket and wrong credentials are found before the first record; who may not list
 * may still read and write. Throws E_LOCATION, E_AUTH, E_CONNECTION, E_TIMEOUT, E_BUSY, E_USAGE.
 */
export async function openS3(location: string, settings: StoreSettings, surroundings: Surroundings): Promise<Store> {
  const place = readLocation(location)
  // The SDK is large: a location that is none is told without it.
  const { setUp } = await import('./set-up.ts')
  const aws = settings.aws ?? {}
  const bucket = new Bucket({
    name: place.bucket,
    ...(await setUp(place.bucket, aws, Date.now)),
    timeoutMs: settings.timeoutMs,
    requesterPays: aws.requesterPays === true,
    gate: new Gate(settings.concurrency),
    now: Date.now,
  })
  try {
    await greet(bucket)
  } catch (thrown) {
    await bucket.close()
    throw thrown
  }
  return s3Store(bucket, place.prefix, settings, surroundings)
}

async function greet(bucket: Bucket): Promise<void> {
  const reply = await bucket.send({ method: 'GET', query: 'list-type=2&max-keys=1' }, new AbortController().signal)
  if (reply.status < 300) return
  const failure = failureOf(reply, bucket.location)
  if (failure.code === 'E_DENIED') return
  const code = failure.code === 'E_STORE' && reply.status === 404 ? 'E_LOCATION' : failure.code
  const hint = HINTS[code]
  throw hint === undefined ? failure : new RekeyError(code, `${failure.message}: ${hint}`)
}

/** What to do about a bucket that does not open. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  E_LOCATION: 'there is no such bucket here; look at its name, and at --endpoint, --region and --profile',
  E_AUTH: 'the server does not take these credentials; look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and --profile',
}
