/** Opens a bucket. */
import type { ErrorCode } from '../../record/errors.ts'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { busyLoop } from '../aws/busy-loop.ts'
import { Gate } from '../aws/gate.ts'
import type { AwsSettings, Store, StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { failureOf, isError } from './classify.ts'
import { Bucket } from './connection.ts'
import { readLocation } from './location.ts'
import { firstQuery } from './look-up.ts'
import { plainSetUp } from './plain-set-up.ts'
import { s3Store } from './s3-store.ts'
import type { SetUp } from './set-up.ts'

/** Throws E_LOCATION, E_AUTH, E_CONNECTION, E_TIMEOUT, E_BUSY, E_USAGE. */
export async function openS3(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
  firstKeys: readonly Key[] = [],
): Promise<Store> {
  const { prefix } = readLocation(location)
  return s3Store(await openBucket(location, settings, surroundings, firstKeys), prefix, settings, surroundings)
}

/**
 * Asks for one key, or for what a look at `firstKeys` asks for anyway, so that a missing bucket and wrong credentials are found before the first record; who may not list
 * may still read and write. Throws as `openS3` does.
 */
export async function openBucket(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
  firstKeys: readonly Key[] = [],
): Promise<Bucket> {
  surroundings.compileSooner()
  const { bucket: name } = readLocation(location)
  const aws = settings.aws ?? {}
  const bucket = new Bucket({
    name,
    ...((await plainSetUp(name, aws, surroundings, Date.now)) ?? (await setUpBySdk(name, aws))),
    timeoutMs: settings.timeoutMs,
    requesterPays: aws.requesterPays === true,
    gate: new Gate(settings.concurrency, busyLoop()),
    now: Date.now,
  })
  try {
    await greet(bucket, firstQuery(firstKeys))
    return bucket
  } catch (thrown) {
    await bucket.close()
    throw thrown
  }
}

/** The SDK is large: it is loaded only where it has something to say. */
async function setUpBySdk(bucket: string, aws: AwsSettings): Promise<SetUp> {
  const { setUp } = await import('./set-up.ts')
  return await setUp(bucket, aws, Date.now)
}

async function greet(bucket: Bucket, query = 'list-type=2&max-keys=1'): Promise<void> {
  const reply = await bucket.send({ method: 'GET', query }, new AbortController().signal)
  if (!isError(reply)) return bucket.keepOpening(query, reply)
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
