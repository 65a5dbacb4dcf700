/**
 * Credentials that a server does not take, a bucket whose policy denies and one that is not there: each tool says what is
 * wrong and what to do, each record ends in one outcome, nothing is touched, and no secret is printed.
 */
import { DeleteObjectCommand, ListObjectsV2Command, PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { directoryWith, filesIn } from '../directory.ts'
import type { ToolRun } from '../run-tool.ts'
import { recordsOf, runTool } from '../run-tool.ts'
import type { S3Server } from '../servers/s3.ts'
import { s3Client, s3Environment, s3Server } from '../servers/s3.ts'
import type { Site } from '../sites.ts'
import { s3Site } from '../sites.ts'

const WRONG_SECRET = 'WRONG/secret+of1'
const MISSING = 's3://rekey-there-is-none'
const SOURCES = { 'old/1': 'value 1', 'old/2': 'value 2', 'old/3': 'value 3' }
const KEYS = Object.keys(SOURCES)

let server: S3Server
let from: Site
let to: Site
/** From one bucket to the other, as the owner has made it: planned, copied and proven. */
let plan: string
let copied: string
let proven: string
beforeAll(async () => {
  server = await s3Server()
  from = await s3Site()
  to = await s3Site()
  await from.plant(SOURCES)
  const { env } = from
  const listed = await runTool('list-keys', { args: [`${from.location}/old/`], env })
  const args = ['--sub', 's/^old/new/', '--to-store', to.location]
  plan = (await runTool('rewrite-keys', { args, stdin: listed.stdout })).stdout
  copied = (await runTool('copy-apply', { stdin: plan, env })).stdout
  proven = (await runTool('verify', { stdin: copied, env })).stdout
  expect(recordsOf({ stdout: proven }).map(({ verified }) => verified)).toEqual([true, true, true])
})

/** The same to other keys of the same bucket, which are not there. */
const inside = () => plan.replaceAll(/,"toStore":"[^"]*"/g, '')
const toNewKeys = () => plan.replaceAll('new/', 'newer/')

interface Case {
  readonly tool: string
  readonly args?: readonly string[]
  readonly stdin?: string
}

async function refused(env: Record<string, string>, { tool, args = [], stdin = '' }: Case): Promise<ToolRun> {
  const before = [await from.snapshot(), await to.snapshot()]
  const run = await runTool(tool, { args, stdin, env })
  expect([await from.snapshot(), await to.snapshot()]).toEqual(before)
  const printed = run.stdout + run.stderr
  for (const secret of [WRONG_SECRET, server.secretKey, server.other.secretKey, 'Signature=', 'StringToSign'])
    expect(printed).not.toContain(secret)
  return run
}

/** Every record is there once, with this error. */
function expectErrors(run: ToolRun, code: string, says: RegExp | string): void {
  const records = recordsOf(run)
  expect(records.map(({ key }) => key).toSorted()).toEqual(KEYS)
  for (const { outcome, verified, error } of records) {
    expect([outcome === 'failed' || verified === false, error]).toEqual([
      true,
      { code, message: expect.stringMatching(says), retryable: false },
    ])
  }
}

describe('a wrong secret', () => {
  const advice =
    /E_AUTH: s3:\/\/\S+: SignatureDoesNotMatch .*look at AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and --profile/
  test.each<[string, () => Case]>([
    ['list-keys', () => ({ tool: 'list-keys', args: [from.location] })],
    ['list-keys --values', () => ({ tool: 'list-keys', args: ['--values', from.location] })],
    ['copy-apply', () => ({ tool: 'copy-apply', stdin: toNewKeys() })],
    ['verify', () => ({ tool: 'verify', stdin: copied })],
    ['delete-apply', () => ({ tool: 'delete-apply', stdin: proven })],
  ])('%s ends at once', async (_, make) => {
    const run = await refused(s3Environment({ ...server, secretKey: WRONG_SECRET }), make())
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(advice) })
  })
})

describe('a policy that denies', () => {
  /** Denies the second user this on these keys, who may do everything else in both buckets. */
  async function deny(action: string, keys = '*'): Promise<Record<string, string>> {
    for (const { location } of [from, to]) {
      const { hostname: Bucket } = new URL(location)
      const whole = `arn:aws:s3:::${Bucket}`
      const Resource = [whole, `${whole}/*`]
      const Principal = { AWS: ['arn:aws:iam:::user/other'] }
      const Statement = [
        { Effect: 'Allow', Principal, Action: 's3:*', Resource },
        { Effect: 'Deny', Principal, Action: action, Resource: [whole, `${whole}/${keys}`] },
      ]
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
      await s3Client(server).send(new PutBucketPolicyCommand({ Bucket, Policy }))
    }
    return s3Environment({ ...server, ...server.other })
  }

  test.each<[string, string, () => Case, number, string]>([
    [
      's3:ListBucket',
      'list-keys',
      () => ({ tool: 'list-keys', args: [from.location] }),
      3,
      'listing s3://\\S+: AccessDenied \\(HTTP 403\\); allow s3:ListBucket',
    ],
    [
      's3:GetObject',
      'list-keys --values',
      () => ({ tool: 'list-keys', args: ['--values', from.location] }),
      3,
      'reading "old/\\d": AccessDenied \\(HTTP 403\\); allow s3:GetObject',
    ],
    [
      's3:ListBucketVersions',
      'list-keys --versions',
      () => ({ tool: 'list-keys', args: ['--versions', from.location] }),
      3,
      'listing s3://\\S+: AccessDenied \\(HTTP 403\\); allow s3:ListBucketVersions',
    ],
  ])('%s: %s stops early', async (action, _, make, code, says) => {
    const run = await refused(await deny(action), make())
    expect(run).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(`E_DENIED: ${says}`) })
  })

  test.each<[string, string, () => Case, RegExp]>([
    [
      's3:GetObject',
      'copy-apply inside',
      () => ({ tool: 'copy-apply', stdin: inside() }),
      /"(old|new)\/\d".*HTTP 403\); allow s3:GetObject on the source|HEAD "(old|new)\/\d": HTTP 403; allow s3:GetObject/,
    ],
    [
      's3:GetObject',
      'copy-apply to another bucket',
      () => ({ tool: 'copy-apply', stdin: toNewKeys() }),
      /"(old|newer)\/\d": .*; allow s3:GetObject/,
    ],
    [
      's3:PutObject',
      'copy-apply inside',
      () => ({ tool: 'copy-apply', stdin: inside() }),
      /copying "old\/\d" to "new\/\d": AccessDenied .*; allow .*s3:PutObject on the copy/,
    ],
    [
      's3:PutObject',
      'copy-apply to another bucket',
      () => ({ tool: 'copy-apply', stdin: toNewKeys() }),
      /writing "newer\/\d": AccessDenied .*; allow s3:PutObject/,
    ],
    [
      's3:ListBucket',
      'copy-apply, to which a key that is absent is denied',
      () => ({ tool: 'copy-apply', stdin: inside() }),
      /HEAD "new\/\d": HTTP 403; allow s3:GetObject and s3:ListBucket/,
    ],
    [
      's3:GetObject',
      'verify',
      () => ({ tool: 'verify', stdin: copied }),
      /HEAD "old\/\d": HTTP 403; allow s3:GetObject and s3:ListBucket/,
    ],
    [
      's3:DeleteObject',
      'delete-apply',
      () => ({ tool: 'delete-apply', stdin: proven }),
      /AccessDenied .*; allow s3:DeleteObject/,
    ],
  ])('%s: %s fails for each record', async (action, _, make, says) => {
    // Other keys may be deleted, among them the one by which conditions are tried out.
    const env = await deny(action, action === 's3:DeleteObject' ? 'old/*' : '*')
    const run = await refused(env, make())
    expect(run.code, run.stderr).toBe(1)
    expectErrors(run, 'E_DENIED', says)
  })

  test('s3:GetObject: a copy into a directory leaves nothing there', async () => {
    const directory = await directoryWith({})
    const toStore = plan.replaceAll(/"toStore":"[^"]*"/g, `"toStore":"file:${directory}/"`)
    const run = await refused(await deny('s3:GetObject'), { tool: 'copy-apply', stdin: toStore })
    expect(run.code, run.stderr).toBe(1)
    expectErrors(run, 'E_DENIED', /allow s3:GetObject/)
    expect(await filesIn(directory)).toEqual({})
  })

  test('s3:PutObject: that conditions could not be tried out is said, and not that they are ignored', async () => {
    const { stderr } = await refused(await deny('s3:PutObject'), { tool: 'copy-apply', stdin: inside() })
    expect(stderr).toMatch(
      /could not be tried out \(writing "new\/\.rekey-probe-\S+": AccessDenied .*allow s3:PutObject/,
    )
    expect(stderr).not.toContain('does not obey')
  })

  test('s3:DeleteObject: what conditions were tried out by is named where it stays', async () => {
    const run = await runTool('delete-apply', { stdin: proven, env: await deny('s3:DeleteObject') })
    expect(run.code, run.stderr).toBe(1)
    expectErrors(run, 'E_DENIED', /allow s3:DeleteObject/)
    const [, Key] =
      /"(\S*\.rekey-probe-\S+)", by which conditions were tried out, could not be deleted/.exec(run.stderr) ?? []
    const { hostname: Bucket } = new URL(from.location)
    const client = s3Client(server)
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents.map((object) => object.Key).toSorted()).toEqual([Key, ...KEYS].toSorted())
    await client.send(new DeleteObjectCommand({ Bucket, Key }))
  })

  test('s3:ListBucket alone keeps nobody from looking at each object', async () => {
    const run = await refused(await deny('s3:ListBucket'), { tool: 'verify', stdin: copied })
    expect(run.code, run.stderr).toBe(0)
    expect(recordsOf(run).map(({ verified }) => verified)).toEqual([true, true, true])
  })
})

describe('a bucket that is not there', () => {
  const advice = /there is no such bucket here; look at its name, and at --endpoint, --region and --profile/

  test('list-keys ends at once', async () => {
    const run = await refused(from.env, { tool: 'list-keys', args: [MISSING] })
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(advice) })
  })

  test.each<[string, () => Case]>([
    ['copy-apply to it', () => ({ tool: 'copy-apply', stdin: plan.replaceAll(to.location, MISSING) })],
    ['copy-apply from it', () => ({ tool: 'copy-apply', stdin: toNewKeys().replaceAll(from.location, MISSING) })],
    ['verify, the copies', () => ({ tool: 'verify', stdin: copied.replaceAll(to.location, MISSING) })],
    ['verify, the originals', () => ({ tool: 'verify', stdin: copied.replaceAll(from.location, MISSING) })],
    ['delete-apply, the copies', () => ({ tool: 'delete-apply', stdin: proven.replaceAll(to.location, MISSING) })],
    ['delete-apply, the originals', () => ({ tool: 'delete-apply', stdin: proven.replaceAll(from.location, MISSING) })],
  ])('%s fails for each record', async (_, make) => {
    const run = await refused(from.env, make())
    expect(run.code, run.stderr).toBe(1)
    expectErrors(run, 'E_LOCATION', advice)
  })

  test('rewrite-keys --to-store looks at no store', async () => {
    const run = await refused(from.env, {
      tool: 'rewrite-keys',
      args: ['--to-store', MISSING, '--sub', 's/o/O/'],
      stdin: plan,
    })
    expect(run.code).toBe(0)
  })
})
