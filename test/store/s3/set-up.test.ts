/** What the SDK makes of environment, profile and flags. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AwsSettings } from '../../../src/store/contract.ts'
import { readLocation } from '../../../src/store/s3/location.ts'
import { setUp } from '../../../src/store/s3/set-up.ts'
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
endpoint_url = https://other.example
[profile third]
region = eu-west-3
aws_access_key_id = THIRD
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

const amazon = (host: string, region: string, basePath = '') => ({ origin: `https://${host}`, host, basePath, region })
const KEYS = { AWS_ACCESS_KEY_ID: 'ENV', AWS_SECRET_ACCESS_KEY: 's' }

test.each<[string, string, AwsSettings, Record<string, string>, object, string]>([
  ['nothing but keys', 'bkt', {}, KEYS, amazon('bkt.s3.us-east-1.amazonaws.com', 'us-east-1'), 'ENV'],
  [
    'a region',
    'bkt',
    {},
    { ...KEYS, AWS_REGION: 'eu-west-1' },
    amazon('bkt.s3.eu-west-1.amazonaws.com', 'eu-west-1'),
    'ENV',
  ],
  [
    '--region before it',
    'bkt',
    { region: 'eu-west-2' },
    { ...KEYS, AWS_REGION: 'eu-west-1' },
    amazon('bkt.s3.eu-west-2.amazonaws.com', 'eu-west-2'),
    'ENV',
  ],
  [
    'a bucket with dots: by path',
    'a.bkt',
    {},
    KEYS,
    amazon('s3.us-east-1.amazonaws.com', 'us-east-1', '/a.bkt'),
    'ENV',
  ],
  ['the default profile', 'bkt', {}, {}, amazon('bkt.s3.us-east-1.amazonaws.com', 'us-east-1'), 'DEFAULT'],
  [
    'AWS_PROFILE, with its region and endpoint',
    'bkt',
    {},
    { AWS_PROFILE: 'other' },
    amazon('other.example', 'eu-west-3', '/bkt'),
    'OTHER',
  ],
  ['--profile', 'bkt', { profile: 'third' }, {}, amazon('bkt.s3.eu-west-3.amazonaws.com', 'eu-west-3'), 'THIRD'],
  [
    'AWS_ENDPOINT_URL',
    'bkt',
    {},
    { ...KEYS, AWS_ENDPOINT_URL: 'https://s3.example' },
    amazon('s3.example', 'us-east-1', '/bkt'),
    'ENV',
  ],
  [
    'AWS_ENDPOINT_URL_S3 before it',
    'bkt',
    {},
    { ...KEYS, AWS_ENDPOINT_URL: 'https://x.example', AWS_ENDPOINT_URL_S3: 'https://s3.example:9000/' },
    amazon('s3.example:9000', 'us-east-1', '/bkt'),
    'ENV',
  ],
  [
    '--endpoint before both, with a path',
    'bkt',
    { endpoint: 'http://h:80/s3/' },
    { ...KEYS, AWS_ENDPOINT_URL_S3: 'https://x.example' },
    { origin: 'http://h', host: 'h', basePath: '/s3/bkt', region: 'us-east-1' },
    'ENV',
  ],
  [
    'an old bucket, as Ceph has them',
    'Big_Bucket',
    { endpoint: 'http://h:8000' },
    KEYS,
    { origin: 'http://h:8000', host: 'h:8000', basePath: '/Big_Bucket', region: 'us-east-1' },
    'ENV',
  ],
])('%s', async (_, bucket, aws, variables, target, accessKeyId) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  const set = await setUp(bucket, aws, Date.now)
  expect(set.target).toEqual(target)
  expect(await set.identity.current()).toMatchObject({ accessKeyId })
})

test('another region of Amazon has another host, of another server the same', async () => {
  for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value)
  const amazons = await setUp('bkt', {}, Date.now)
  expect(await amazons.targetIn('sa-east-1')).toEqual(amazon('bkt.s3.sa-east-1.amazonaws.com', 'sa-east-1'))
  const others = await setUp('bkt', { endpoint: 'http://h' }, Date.now)
  expect(await others.targetIn('x')).toEqual({ ...others.target, region: 'x' })
})

describe('what is wrong', () => {
  test('no keys', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    await expect(setUp('bkt', {}, Date.now)).rejects.toMatchObject({ code: 'E_AUTH' })
  })

  test('a profile that is not there', async () => {
    await expect(setUp('bkt', { profile: 'nobody' }, Date.now)).rejects.toMatchObject({ code: 'E_AUTH' })
  })

  test.each(['s3.example.net', 'ftp://x', 'http://'])('--endpoint %s', async (endpoint) => {
    await expect(setUp('bkt', { endpoint }, Date.now)).rejects.toMatchObject({ code: 'E_USAGE' })
  })
})

describe('a location', () => {
  test.each([
    ['s3://bkt', 'bkt', ''],
    ['s3://bkt/', 'bkt', ''],
    ['s3://bkt/a/b', 'bkt', 'a/b'],
    ['s3://bkt//', 'bkt', '/'],
    ['S3://bkt/%41 ü\n', 'bkt', '%41 ü\n'],
    ['s3://a.b-c_D', 'a.b-c_D', ''],
  ])('%j', (location, bucket, prefix) => expect(readLocation(location)).toEqual({ bucket, prefix }))

  test.each([
    's3:',
    's3://',
    's3:///a',
    's3://ab',
    's3://key:secret@bkt',
    's3://-bkt',
    's3://bkt.',
    's3://b\nkt',
    's3://a--x-s3',
    's3://bkt/\ud800',
  ])('%j is none', (location) => {
    expect(() => readLocation(location)).toThrow(expect.objectContaining({ code: 'E_LOCATION' }))
    expect(() => readLocation(location)).not.toThrow(/secret/)
  })
})
