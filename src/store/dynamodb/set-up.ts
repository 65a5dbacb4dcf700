/**
 * A client of DynamoDB for what the flags, the environment and the profiles say. Only this folder knows the SDK's types.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { RekeyError } from '../../record/errors.ts'
import { clientSettings, credentialsBy } from '../aws/client-settings.ts'
import type { AwsSettings } from '../contract.ts'

/** Requests in flight at once are bounded before they come here. */
const MOST_SOCKETS = 512

/** Servers that are not Amazon's take any region, and nobody names one for them. */
const REGION_ELSEWHERE = 'us-east-1'

export interface ClientNeeds {
  readonly aws: AwsSettings
  /** an environment variable */
  env(name: string): string | undefined
  /** how long a request may go unanswered */
  readonly timeoutMs: number
}

/**
 * The client, not connected yet; it tries nothing twice. Throws E_AUTH when there are no credentials, E_USAGE for an
 * endpoint that is none and when no region is named anywhere.
 */
export async function setUp({ aws, env, timeoutMs }: ClientNeeds): Promise<DynamoDBClient> {
  const settings = {
    ...clientSettings(aws),
    requestHandler: {
      connectionTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: { keepAlive: true, maxSockets: MOST_SOCKETS },
      httpsAgent: { keepAlive: true, maxSockets: MOST_SOCKETS },
    },
  }
  const client = new DynamoDBClient(settings)
  await credentialsBy(() => client.config.credentials(), aws.profile ?? env('AWS_PROFILE'))
  if ((await regionOf(client)) !== undefined) return client
  client.destroy()
  if ((aws.endpoint ?? env('AWS_ENDPOINT_URL_DYNAMODB') ?? env('AWS_ENDPOINT_URL')) === undefined)
    throw new RekeyError('E_USAGE', 'DynamoDB is asked in a region: name it by --region, AWS_REGION or a --profile')
  return new DynamoDBClient({ ...settings, region: REGION_ELSEWHERE })
}

async function regionOf(client: DynamoDBClient): Promise<string | undefined> {
  return await client.config.region().catch(() => undefined)
}
