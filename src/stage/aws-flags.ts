/** The flags of every tool that opens stores, for those of the AWS kind; what they do not say the environment says. */
import type { AwsSettings } from '../store/contract.ts'
import type { Arguments, Flag } from './tool.ts'
import { flag, text } from './tool.ts'

export const AWS_FLAGS: Readonly<Record<string, Flag>> = {
  endpoint: { type: 'string', value: 'URL', help: 'the server to ask, where it is not Amazon (S3, DynamoDB)' },
  profile: { type: 'string', value: 'NAME', help: 'the profile of ~/.aws that has keys and region (S3, DynamoDB)' },
  region: { type: 'string', value: 'NAME', help: 'the region to sign for (S3, DynamoDB)' },
  'request-payer': { type: 'boolean', help: 'you pay for requests and transfer, not the owner of the bucket (S3)' },
}

/** Part of a tool's settings: empty where no flag was given. */
export function awsSettings(args: Arguments): { readonly aws?: AwsSettings } {
  const endpoint = text(args, 'endpoint')
  const profile = text(args, 'profile')
  const region = text(args, 'region')
  const aws: AwsSettings = {
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
    ...(region !== undefined && { region }),
    ...(flag(args, 'request-payer') && { requesterPays: true }),
    ...(flag(args, 'acl') && { acl: true }),
  }
  return Object.keys(aws).length === 0 ? {} : { aws }
}
