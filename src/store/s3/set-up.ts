/**
 * Finds out how a bucket is reached, by the AWS SDK, so that environment, profiles and credentials mean what they mean
 * everywhere: it builds one request, which is looked at and never sent. The only place that loads the SDK.
 */
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { RekeyError } from '../../record/errors.ts'
import { clientSettings, credentialsBy } from '../aws/client-settings.ts'
import type { AwsSettings } from '../contract.ts'
import type { Credentials } from './credentials.ts'
import { Identity } from './credentials.ts'
import type { Target } from './target.ts'
import { DEFAULT_REGION } from './target.ts'

export interface SetUp {
  readonly target: Target
  targetIn(region: string): Promise<Target>
  readonly identity: Identity
}

/** Throws E_AUTH when there are no credentials, E_USAGE for an endpoint that is none, E_LOCATION. */
export async function setUp(bucket: string, aws: AwsSettings, now: () => number): Promise<SetUp> {
  const client = clientFor(aws, aws.region)
  const region = await client.config.region().catch(() => DEFAULT_REGION)
  const fetch = (renew: boolean) => credentialsOf(client, aws.profile, renew)
  const identity = new Identity(await fetch(false), fetch, now)
  const targetIn = (other: string) => targetOf(bucket, aws, other)
  return { target: await targetIn(region), targetIn, identity }
}

/** The same for a region that is named, where the way there is to be found out alone. */
export async function targetOf(bucket: string, aws: AwsSettings, region: string): Promise<Target> {
  const target = await builtTarget(clientFor(aws, region), bucket, region)
  if (isAmazon(target.host)) return target
  // Other servers know a bucket by the path; few have a name for each in the DNS.
  return builtTarget(clientFor(aws, region, true), bucket, region)
}

function clientFor(aws: AwsSettings, region: string | undefined, byPath = false): S3Client {
  return new S3Client({
    ...clientSettings(aws),
    forcePathStyle: byPath,
    ...(region !== undefined && { region }),
  })
}

interface BuiltRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
}

/** The target of a request that the SDK builds for this bucket; taken before it is signed and sent. */
async function builtTarget(client: S3Client, bucket: string, region: string): Promise<Target> {
  let built: BuiltRequest | undefined
  client.middlewareStack.add(
    () => async (args) => {
      built = args.request as BuiltRequest
      return { response: undefined, output: { $metadata: {} } }
    },
    { step: 'build', priority: 'low' },
  )
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }))
  } catch (thrown) {
    throw new RekeyError('E_LOCATION', `s3://${bucket}: ${(thrown as Error).message}`, { cause: thrown })
  }
  client.destroy()
  if (built === undefined) throw new RekeyError('E_STORE', 'the AWS SDK has built no request')
  const { protocol, hostname, port, path } = built
  const host = port === undefined || isUsual(protocol, port) ? hostname : `${hostname}:${port}`
  return { origin: `${protocol}//${host}`, host, basePath: path.replace(/\/$/, ''), region }
}

function credentialsOf(client: S3Client, profile: string | undefined, renew: boolean): Promise<Credentials> {
  return credentialsBy(() => client.config.credentials(renew ? { forceRefresh: true } : {}), profile)
}

function isAmazon(host: string): boolean {
  return /\.amazonaws\.com(\.cn)?$/.test(host)
}

function isUsual(protocol: string, port: number): boolean {
  return port === (protocol === 'https:' ? 443 : 80)
}
