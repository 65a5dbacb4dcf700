/** What the SDK makes of environment, profile and flags, and that what is told without it is the same. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AwsSettings } from '../../../src/store/contract.ts'
import { readLocation } from '../../../src/store/s3/location.ts'
import { plainSetUp } from '../../../src/store/s3/plain-set-up.ts'
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

describe('without the SDK', () => {
  const environment = {
    env: (name: string) => process.env[name],
    envStartingWith: (prefix: string) => Object.keys(process.env).filter((name) => name.startsWith(prefix)),
  }
  const stub = (variables: Record<string, string>) => {
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  }
  const TOKEN = { ...KEYS, AWS_SESSION_TOKEN: 't' }
  const CEPH = { ...KEYS, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000' }

  test.each<[string, string, AwsSettings, Record<string, string>]>([
    ['nothing but keys', 'bkt', {}, KEYS],
    ['a session', 'bkt', {}, TOKEN],
    ['a region', 'bkt', {}, { ...KEYS, AWS_REGION: 'eu-central-1' }],
    ['a region of the other tools', 'bkt', {}, { ...KEYS, AWS_DEFAULT_REGION: 'eu-west-1' }],
    ['--region before it', 'bkt', { region: 'ap-southeast-2' }, { ...KEYS, AWS_REGION: 'eu-west-1' }],
    ['the longest name', 'b'.repeat(63), {}, KEYS],
    ['a server', 'bkt', {}, CEPH],
    ['a server, and a region that only it knows', 'bkt', {}, { ...CEPH, AWS_REGION: 'default' }],
    ['the usual port', 'bkt', {}, { ...KEYS, AWS_ENDPOINT_URL_S3: 'http://h:80' }],
    ['the usual port of TLS', 'bkt', {}, { ...KEYS, AWS_ENDPOINT_URL_S3: 'https://h.example:443/' }],
    ['the server of all services', 'bkt', {}, { ...KEYS, AWS_ENDPOINT_URL: 'https://s3.example' }],
    ['both', 'bkt', {}, { ...CEPH, AWS_ENDPOINT_URL: 'https://s3.example' }],
    ['--endpoint before both', 'bkt', { endpoint: 'https://s3.example:8443/' }, CEPH],
    ['a bucket with dots on a server', 'a.bkt', {}, CEPH],
    ['an old bucket on a server', 'Big_Bucket', {}, CEPH],
    [
      'files that are not there',
      'bkt',
      {},
      { ...KEYS, AWS_CONFIG_FILE: '/none', AWS_SHARED_CREDENTIALS_FILE: '/none' },
    ],
  ])('the same: %s', async (_, bucket, aws, variables) => {
    stub(variables)
    const plain = await plainSetUp(bucket, aws, environment, Date.now)
    const reference = await setUp(bucket, aws, Date.now)
    expect(plain?.target).toEqual(reference.target)
    const { accessKeyId, secretAccessKey, sessionToken } = await reference.identity.current()
    expect(await plain?.identity.current()).toEqual({
      accessKeyId,
      secretAccessKey,
      ...(sessionToken && { sessionToken }),
    })
    expect((await plain?.identity.renew())?.accessKeyId).toBe(accessKeyId)
    for (const region of ['us-east-1', 'eu-west-3', 'cn-north-1', 'us-gov-west-1'])
      expect(await plain?.targetIn(region)).toEqual(await reference.targetIn(region))
  })

  test.each<[string, string, AwsSettings, Record<string, string>]>([
    ['no keys', 'bkt', {}, {}],
    ['half of the keys', 'bkt', {}, { AWS_ACCESS_KEY_ID: 'ENV' }],
    ['keys that are empty', 'bkt', {}, { ...KEYS, AWS_SECRET_ACCESS_KEY: '' }],
    ['keys that end', 'bkt', {}, { ...TOKEN, AWS_CREDENTIAL_EXPIRATION: '2030-01-01T00:00:00Z' }],
    ['--profile', 'bkt', { profile: 'third' }, KEYS],
    ['AWS_PROFILE', 'bkt', {}, { ...KEYS, AWS_PROFILE: 'third' }],
    ['a configuration', 'bkt', {}, { ...KEYS, AWS_CONFIG_FILE: join(directory, 'config') }],
    ['credentials in a file', 'bkt', {}, { ...KEYS, AWS_SHARED_CREDENTIALS_FILE: join(directory, 'config') }],
    ['a file that cannot be read', 'bkt', {}, { ...KEYS, AWS_CONFIG_FILE: directory }],
    ['another kind of host', 'bkt', {}, { ...KEYS, AWS_USE_DUALSTACK_ENDPOINT: 'true' }],
    ['a variable that nobody knows yet', 'bkt', {}, { ...KEYS, AWS_S3_SOMETHING: '1' }],
    ['an empty region', 'bkt', {}, { ...KEYS, AWS_REGION: '' }],
    ['a region of another partition', 'bkt', {}, { ...KEYS, AWS_REGION: 'cn-north-1' }],
    ['a region that is none', 'bkt', {}, { ...KEYS, AWS_REGION: 'fips-us-east-1' }],
    [
      'a server by the name of Amazon',
      'bkt',
      {},
      { ...KEYS, AWS_ENDPOINT_URL_S3: 'https://s3.eu-west-1.amazonaws.com' },
    ],
    ['a server with a path', 'bkt', { endpoint: 'http://h/s3' }, KEYS],
    ['a server that is none', 'bkt', { endpoint: 's3.example' }, KEYS],
    ['an empty server', 'bkt', {}, { ...KEYS, AWS_ENDPOINT_URL_S3: '' }],
    ['a bucket with dots', 'a.bkt', {}, KEYS],
    ['an alias', 'bkt-s3alias', {}, KEYS],
  ])('left to the SDK: %s', async (_, bucket, aws, variables) => {
    stub(variables)
    expect(await plainSetUp(bucket, aws, environment, Date.now)).toBe(undefined)
  })
})

describe('what is wrong', () => {
  test('no keys', async () => {
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    await expect(setUp('bkt', {}, Date.now)).rejects.toMatchObject({ code: 'E_AUTH' })
  })

  test('a profile that is not there', async () => {
    await expect(setUp('bkt', { profile: 'nobody' }, Date.now)).rejects.toMatchObject({
      code: 'E_AUTH',
      message: expect.stringContaining('profile "nobody": '),
    })
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
