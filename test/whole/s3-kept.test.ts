/** What an object has beside its bytes: kept by a copy, or named as lost and kept in the record for the way back. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PutBucketPolicyCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import { directoryWith, filesIn } from '../directory.ts'
import { recordsOf, runShell, runTool } from '../run-tool.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import type { Bucket, S3Server } from '../servers/s3.ts'
import { freshBucket, runAws, s3Environment, s3Server } from '../servers/s3.ts'

const OBJECT = {
  Body: 'a,b\n1,2\n',
  ContentType: 'text/csv; charset=utf-8',
  CacheControl: 'max-age=60, private',
  ContentDisposition: 'attachment; filename="a b.csv"',
  ContentEncoding: 'identity',
  ContentLanguage: 'de, en',
  Expires: new Date('2030-01-02T03:04:05Z'),
  Metadata: { owner: 'ann', 'long-name': 'with spaces, and "quotes"' },
  Tagging: 'team=blue%20sky&updated-at=2026-01-10T10%3A00%3A00%2B01%3A00&sign=a%2Bb%3D%40',
}
const PLAIN = { Body: 'plain' }

let server: S3Server
let from: Bucket
let env: Record<string, string>
beforeAll(async () => {
  server = await s3Server()
  env = s3Environment(server)
  from = await freshBucket(server)
  await from.client.send(new PutObjectCommand({ Bucket: from.name, Key: 'old/full', ...OBJECT }))
  await from.client.send(new PutObjectCommand({ Bucket: from.name, Key: 'old/plain', ...PLAIN }))
})

/** What the AWS command line says of an object: headers, metadata, tags, content. */
async function seen(bucket: Bucket, key: string, user = {}) {
  const aws = async (...args: string[]) => {
    const all = ['s3api', ...args, '--bucket', bucket.name, '--key', key, '--output', 'json']
    const { stdout, stderr, code } = await runAws({ ...server, ...user }, all)
    if (code !== 0) throw new Error(stderr)
    return JSON.parse(stdout)
  }
  const { LastModified: _, ...head } = await aws('head-object')
  const { TagSet } = await aws('get-object-tagging')
  return { head, tags: TagSet.map(({ Key, Value }: Record<string, string>) => `${Key}=${Value}`).toSorted() }
}

async function planned(environment: Record<string, string>, args: readonly string[]): Promise<string> {
  const listed = await runTool('list-keys', { args: [`${from.location}/old/`], env: environment })
  return (await runTool('rewrite-keys', { args: ['--sub', 's/^old/new/', ...args], stdin: listed.stdout })).stdout
}

/** Lets the second user do all in the bucket but what is named. */
async function allowOther(bucket: Bucket, ...denied: readonly string[]): Promise<void> {
  const Principal = { AWS: ['arn:aws:iam:::user/other'] }
  const Resource = [`arn:aws:s3:::${bucket.name}`, `arn:aws:s3:::${bucket.name}/*`]
  const Statement = [
    { Effect: 'Allow', Principal, Action: 's3:*', Resource },
    ...denied.map((Action) => ({ Effect: 'Deny', Principal, Action, Resource })),
  ]
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
  await bucket.client.send(new PutBucketPolicyCommand({ Bucket: bucket.name, Policy }))
}

async function expectSame(bucket: Bucket, user = {}): Promise<void> {
  const full = await seen(from, 'old/full')
  expect(full).toMatchObject({
    head: {
      ContentType: OBJECT.ContentType,
      CacheControl: OBJECT.CacheControl,
      ContentDisposition: OBJECT.ContentDisposition,
      ContentLanguage: OBJECT.ContentLanguage,
      Metadata: OBJECT.Metadata,
    },
    tags: ['sign=a+b=@', 'team=blue sky', 'updated-at=2026-01-10T10:00:00+01:00'],
  })
  expect(await seen(bucket, 'new/full', user)).toEqual(full)
  expect(await seen(bucket, 'new/plain', user)).toEqual(await seen(from, 'old/plain'))
}

test('inside a bucket', async () => {
  const run = await runTool('copy-apply', { stdin: await planned(env, []), env })
  expect(run.code, run.stderr).toBe(0)
  expect(recordsOf(run).map(({ lost }) => lost)).toEqual([undefined, undefined])
  await expectSame(from)
})

test('into another bucket', async () => {
  const to = await freshBucket(server)
  const run = await runTool('copy-apply', { stdin: await planned(env, ['--to-store', to.location]), env })
  expect(run.code, run.stderr).toBe(0)
  expect(recordsOf(run).map(({ lost }) => lost)).toEqual([['mtime'], ['mtime']])
  await expectSame(to)
})

test('into the bucket of another account, which may read this one', async () => {
  const to = await freshBucket({ ...server, ...server.other })
  await allowOther(from)
  const asOther = s3Environment({ ...server, ...server.other })
  const stdin = await planned(asOther, ['--to-store', to.location])
  const run = await runTool('copy-apply', { stdin, env: asOther })
  expect(run.code, run.stderr).toBe(0)
  await expectSame(to, server.other)
})

test('through a directory and back, by the record', async () => {
  const directory = await directoryWith({})
  const to = await freshBucket(server)
  const stdin = await planned(env, ['--to-store', `file:${directory}/`])
  const backup = await runTool('copy-apply', { stdin, env })
  expect(backup.code, backup.stderr).toBe(0)
  expect(await filesIn(directory)).toEqual({ 'new/full': OBJECT.Body, 'new/plain': PLAIN.Body })
  const [full, plain] = recordsOf(backup)
  expect(full).toMatchObject({
    lost: ['headers', 'tags'],
    headers: {
      'content-type': OBJECT.ContentType,
      'cache-control': OBJECT.CacheControl,
      'content-disposition': OBJECT.ContentDisposition,
      'content-language': OBJECT.ContentLanguage,
      expires: 'Wed, 02 Jan 2030 03:04:05 GMT',
      'x-amz-meta-owner': 'ann',
      'x-amz-meta-long-name': OBJECT.Metadata['long-name'],
    },
    tags: { team: 'blue sky', 'updated-at': '2026-01-10T10:00:00+01:00', sign: 'a+b=@' },
  })
  expect(plain.tags).toBeUndefined()
  expect(plain.lost).toEqual(['headers'])

  const turned = `jq -c '{store: .toStore, key: .to, toStore: "${to.location}", to: .key, headers, tags} | with_entries(select(.value != null))' | copy-apply`
  const restored = await runShell(turned, { stdin: backup.stdout, env })
  expect(restored.code, restored.stderr).toBe(0)
  expect(await seen(to, 'old/full')).toEqual(await seen(from, 'old/full'))
  expect(await seen(to, 'old/plain')).toEqual(await seen(from, 'old/plain'))
})

test.each([
  ['that got no answer', 'lose=1'],
  ['that a kill has cut short', 'die=2'],
])('a copy into a directory %s has them in its record too', async (_, faults) => {
  const directory = await directoryWith({})
  const work = await directoryWith({ run: '' })
  const stdin = await planned(env, ['--to-store', `file:${directory}/`])
  const expected = recordsOf(await runTool('copy-apply', { stdin, env }))
  for (const { to } of expected) await rm(join(directory, to))
  const again = `copy-apply --intents ${work}/begun --resume ${work}/run >> ${work}/run`
  await runShell(again, { stdin, env: { ...env, REKEY_FAULTS: faults } })
  expect((await runShell(again, { stdin, env })).code).toBe(0)
  const found = recordsOf({ stdout: await readFile(join(work, 'run'), 'utf8') })
  const kept = (records: typeof found) => records.map(({ key, lost, headers, tags }) => ({ key, lost, headers, tags }))
  expect(kept(found)).toEqual(kept(expected))
})

describe('access control lists', () => {
  const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers'
  let bucket: Bucket
  beforeAll(async () => {
    bucket = await freshBucket(server)
    await bucket.client.send(
      new PutObjectCommand({ Bucket: bucket.name, Key: 'open', Body: 'for all', ACL: 'public-read' }),
    )
    await allowOther(bucket, 's3:GetObjectAcl')
  })

  async function copied(to: string, args: readonly string[], environment = env) {
    const listed = await runTool('list-keys', { args: [bucket.location, '--match', 'open'], env })
    const plan = await runTool('rewrite-keys', { args: ['--template', to], stdin: listed.stdout })
    const run = await runTool('copy-apply', { args, stdin: plan.stdout, env: environment })
    expect(run.code, run.stderr).toBe(0)
    const [record] = recordsOf(run)
    expect(record.outcome).toBe('done')
    return record
  }

  /** Whether everybody may read it: as it says, and as it is. */
  async function isPublic(key: string, { location, name }: Bucket = bucket): Promise<readonly boolean[]> {
    const args = ['s3api', 'get-object-acl', '--bucket', name, '--key', key, '--output', 'json']
    const { stdout } = await runAws(server, args)
    const { Grants } = JSON.parse(stdout) as { Grants: { Grantee: { URI?: string }; Permission: string }[] }
    const { status } = await fetch(`${server.endpoint}/${location.slice('s3://'.length)}/${key}`)
    return [
      Grants.some(({ Grantee, Permission }) => Grantee.URI === ALL_USERS && Permission === 'READ'),
      status === 200,
    ]
  }

  test('are left behind unless --acl says otherwise', async () => {
    expect(await isPublic('open')).toEqual([true, true])
    expect((await copied('closed', [])).lost).toBeUndefined()
    expect(await isPublic('closed')).toEqual([false, false])
  })

  test('are copied with --acl', async () => {
    expect((await copied('also-open', ['--acl'])).lost).toBeUndefined()
    expect(await isPublic('also-open')).toEqual([true, true])
  })

  test('are copied with --acl where the copy got no answer', async () => {
    const proxy = await startFaultProxy(server.endpoint)
    proxy.inject({ does: 'lose', method: 'PUT', path: /\/unanswered$/ })
    const behind = s3Environment({ ...server, endpoint: proxy.endpoint })
    expect((await copied('unanswered', ['--acl'], behind)).lost).toBeUndefined()
    expect(proxy.requests.some(({ faults }) => faults.includes('lose'))).toBe(true)
    expect(await isPublic('unanswered')).toEqual([true, true])
    await proxy.stop()
  })

  test('are named as lost where they may not be read', async () => {
    const asOther = s3Environment({ ...server, ...server.other })
    expect((await copied('by-other', ['--acl'], asOther)).lost).toEqual(['acl'])
  })

  test('are named as lost where the object goes to another bucket', async () => {
    const to = await freshBucket(server)
    const listed = await runTool('list-keys', { args: [bucket.location, '--match', 'open'], env })
    const args = ['--template', 'open', '--to-store', to.location]
    const plan = await runTool('rewrite-keys', { args, stdin: listed.stdout })
    const [record] = recordsOf(await runTool('copy-apply', { args: ['--acl'], stdin: plan.stdout, env }))
    expect(record).toMatchObject({ outcome: 'done', lost: ['mtime', 'acl'] })
    expect(await isPublic('open', to)).toEqual([false, false])
  })
})
