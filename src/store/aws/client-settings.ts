/** What every client of the AWS SDK is made with, so that flags, environment, profiles and credentials mean the same to all. */
import { RekeyError } from '../../record/errors.ts'
import type { AwsSettings } from '../contract.ts'

export interface ClientSettings {
  /** once: wrap/retry alone counts and waits */
  readonly maxAttempts: 1
  readonly endpoint?: string
  readonly profile?: string
  readonly region?: string
}

/** What the flags say; the SDK looks up the rest. Throws E_USAGE for an endpoint that is none. */
export function clientSettings({ endpoint, profile, region }: AwsSettings): ClientSettings {
  checkEndpoint(endpoint)
  return {
    maxAttempts: 1,
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
  }
}

/** What `find` finds. Throws E_AUTH that names the profile which is to have them, or says where credentials come from. */
export async function credentialsBy<Credentials>(
  find: () => Promise<Credentials>,
  profile: string | undefined,
): Promise<Credentials> {
  try {
    return await find()
  } catch (thrown) {
    const { message } = thrown as Error
    const problem =
      profile === undefined
        ? `${message}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a --profile`
        : `profile "${profile}": ${message}; look for it in ~/.aws/config and ~/.aws/credentials`
    throw new RekeyError('E_AUTH', problem, { cause: thrown })
  }
}

/** What is not shown may be a password. */
function checkEndpoint(endpoint: string | undefined): void {
  if (endpoint === undefined) return
  const url = /^https?:\/\//i.test(endpoint) && URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isSecret = url === undefined ? endpoint.includes('@') : url.username !== '' || url.password !== ''
  if (url !== undefined && !isSecret) return
  const problem = isSecret ? 'keys come from the environment or --profile' : `"${endpoint}" is none`
  throw new RekeyError('E_USAGE', `--endpoint takes a URL, as https://s3.example.net; ${problem}`)
}
