/** What the SDK makes of environment, profile and flags, and what a table says of itself. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AwsSettings } from '../../../src/store/contract.ts'
import { expectedUnits } from '../../../src/store/dynamodb/expected-units.ts'
import { setUp } from '../../../src/store/dynamodb/set-up.ts'
import { scratchDirectory } from '../../cli/scratch-directory.ts'

const directory = await scratchDirectory()

const PROFILES = `
[default]
aws_access_key_id = DEFAULT
aws_secret_access_key = s
[profile other]
region = eu-west-3
aws_access_key_id = OTHER
aws_secret_access_key = s
`

beforeEach(() => {
  writeFileSync(join(directory, 'config'), PROFILES)
  for (const name of Object.keys(process.env).filter((name) => name.startsWith('AWS_'))) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_CONFIG_FILE', join(directory, 'config'))
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/dev/null')
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true')
})
afterEach(() => void vi.unstubAllEnvs())

/** Where a request would go, as whom. */
async function reached(aws: AwsSettings, variables: Readonly<Record<string, string>> = {}) {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const client = await setUp({ aws, env: (name) => process.env[name], timeoutMs: 1000 })
  let host = ''
  client.middlewareStack.add(
    () => async (args) => {
      const { protocol, hostname, port } = args.request as { protocol: string; hostname: string; port?: number }
      host = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`
      return { response: undefined, output: { $metadata: {} } }
    },
    { step: 'build', priority: 'low' },
  )
  await client.send(new CreateTableCommand({ TableName: 'table' } as never))
  const { accessKeyId } = await client.config.credentials()
  return { host, region: await client.config.region(), accessKeyId, tries: await client.config.maxAttempts() }
}

describe('a client', () => {
  test.each<[string, AwsSettings, Record<string, string>, object]>([
    [
      'a region of the environment',
      {},
      { AWS_REGION: 'eu-north-1' },
      { host: 'https://dynamodb.eu-north-1.amazonaws.com', accessKeyId: 'DEFAULT' },
    ],
    ['--region before it', { region: 'eu-west-1' }, { AWS_REGION: 'eu-north-1' }, { region: 'eu-west-1' }],
    ['a profile', { profile: 'other' }, {}, { host: 'https://dynamodb.eu-west-3.amazonaws.com', accessKeyId: 'OTHER' }],
    [
      'keys of the environment',
      {},
      { AWS_REGION: 'x-1', AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' },
      { accessKeyId: 'ENV' },
    ],
    [
      'an endpoint, and no region',
      { endpoint: 'http://localhost:8000' },
      {},
      { host: 'http://localhost:8000', region: 'us-east-1' },
    ],
    ['one of the environment', {}, { AWS_ENDPOINT_URL: 'http://localhost:8001' }, { host: 'http://localhost:8001' }],
    [
      'one for DynamoDB alone',
      {},
      { AWS_ENDPOINT_URL: 'http://localhost:8001', AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:8002' },
      { host: 'http://localhost:8002' },
    ],
  ])('%s', async (_, aws, variables, expected) => {
    expect(await reached(aws, variables)).toMatchObject({ ...expected, tries: 1 })
  })

  test('without a region says how to name one', async () => {
    await expect(reached({})).rejects.toMatchObject({ code: 'E_USAGE', message: expect.stringContaining('--region') })
  })

  test('with an endpoint that is none names it', async () => {
    await expect(reached({ endpoint: 'localhost' })).rejects.toMatchObject({ code: 'E_USAGE' })
  })
})

test.each([
  ['look', 9000, { ReadUnits: 1 }],
  ['read', 9000, { ReadUnits: 3 }],
  ['read', 0, { ReadUnits: 1 }],
  ['copy', 1025, { ReadUnits: 1, WriteUnits: 2 }],
  ['write', 1024, { WriteUnits: 1 }],
  ['remove', 4097, { ReadUnits: 4, WriteUnits: 5 }],
  ['remove-witnessed', 4097, { ReadUnits: 4, WriteUnits: 20 }],
] as const)('to %s an item of %i bytes takes %j', (work, bytes, units) => {
  expect(expectedUnits(work, bytes)).toEqual(units)
})
