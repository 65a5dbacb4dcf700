/**
 * How a bucket is reached where keys and server stand in the environment and nothing else has a say: most runs, and found
 * out without loading the SDK, which takes longer to start than all the rest of a tool. Whatever is not plain is left to
 * `set-up`: a variable that is not known here, a profile, any text in a configuration file, an unusual name.
 */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AwsSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { Identity } from './credentials.ts'
import type { SetUp } from './set-up.ts'
import type { Target } from './target.ts'
import { DEFAULT_REGION } from './target.ts'

type Environment = Pick<Surroundings, 'env' | 'envStartingWith'>

/** Variables of which it is known here what they do to S3. */
const KNOWN = new Set([
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_ENDPOINT_URL',
  'AWS_ENDPOINT_URL_S3',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  // Of no effect on the SDK, or none once there are keys.
  'AWS_DEFAULT_REGION',
  'AWS_DEFAULT_OUTPUT',
  'AWS_PAGER',
  'AWS_CA_BUNDLE',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
])

/** Undefined where the SDK is to say it. Never throws. */
export async function plainSetUp(
  bucket: string,
  aws: AwsSettings,
  environment: Environment,
  now: () => number,
): Promise<SetUp | undefined> {
  const { env } = environment
  const accessKeyId = env('AWS_ACCESS_KEY_ID')
  const secretAccessKey = env('AWS_SECRET_ACCESS_KEY')
  const sessionToken = env('AWS_SESSION_TOKEN')
  if (!accessKeyId || !secretAccessKey || sessionToken === '' || aws.profile !== undefined) return undefined
  if (environment.envStartingWith('AWS_').some((name) => !KNOWN.has(name))) return undefined
  const endpoint = aws.endpoint ?? env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL')
  const target = plainTarget(bucket, endpoint, aws.region ?? env('AWS_REGION') ?? DEFAULT_REGION)
  if (target === undefined || !(await areEmpty(configurationFiles(env)))) return undefined
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
  return {
    target,
    targetIn: async (region) => {
      return plainTarget(bucket, endpoint, region) ?? (await import('./set-up.ts')).targetOf(bucket, aws, region)
    },
    // What the environment holds cannot be renewed.
    identity: new Identity(credentials, async () => credentials, now),
  }
}

/** Where the bucket is, undefined where that is not plain to see. Pure. */
function plainTarget(bucket: string, endpoint: string | undefined, region: string): Target | undefined {
  if (endpoint === undefined) {
    if (!AMAZON_BUCKET.test(bucket) || RESERVED.test(bucket) || !AMAZON_REGION.test(region)) return undefined
    const host = `${bucket}.s3.${region}.amazonaws.com`
    return { origin: `https://${host}`, host, basePath: '', region }
  }
  if (!ENDPOINT.test(endpoint) || !URL.canParse(endpoint) || !REGION.test(region)) return undefined
  const { origin, host } = new URL(endpoint)
  return host.includes('amazonaws') ? undefined : { origin, host, basePath: `/${bucket}`, region }
}

/** A name that can stand in front of Amazon's host name under its certificate. */
const AMAZON_BUCKET = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/
/** Names that mean something else than a bucket. */
const RESERVED = /--|-s3alias$|^xn-|^sthree-/
/** Those of the partition `aws`, whose hosts are all named alike. */
const AMAZON_REGION =
  /^(?:us|eu|ap|sa|ca|me|af|il|mx)-(?:north|south|east|west|central|(?:north|south)(?:east|west))-\d$/
const REGION = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/
const ENDPOINT = /^https?:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9]\d{0,4})?\/?$/

function configurationFiles(env: Environment['env']): readonly string[] {
  const named = (file: string | undefined, name: string) => file || join(homedir(), '.aws', name)
  return [named(env('AWS_CONFIG_FILE'), 'config'), named(env('AWS_SHARED_CREDENTIALS_FILE'), 'credentials')]
}

async function areEmpty(files: readonly string[]): Promise<boolean> {
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(absent)))
  return texts.every((text) => text === '')
}

/** A file that is not there says nothing; of one that cannot be read the SDK may know more. */
function absent(thrown: NodeJS.ErrnoException): string | undefined {
  return thrown.code === 'ENOENT' ? '' : undefined
}
