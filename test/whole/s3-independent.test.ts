/**
 * What the four tools do to a bucket, as the AWS command line and rclone tell it: programs that share no code with ours
 * put there what is to be moved, and say after every step what there is.
 */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { directoryWith } from '../directory.ts'
import type { ToolRun } from '../run-tool.ts'
import { recordsOf, runTool } from '../run-tool.ts'
import type { Bucket, S3Server } from '../servers/s3.ts'
import { freshBucket, runAws, runRclone, s3Environment, s3Server } from '../servers/s3.ts'

const MIB = 1024 * 1024
const LARGE = 'a large one'
const FILES: Readonly<Record<string, string>> = {
  'a+b 100% a%2Fb': '',
  'münchen e\u0301 🦆.json': '{"domain":"münchen.de"}',
  'ends in a dot.': 'dot',
  '.hidden/deep.er/q?x=1&y#\'"<a>;*[]{}\\': 'deep',
}
const NAMES = [...Object.keys(FILES), LARGE].toSorted()
const HEADERS = {
  'content-type': 'text/csv; charset=utf-8',
  'cache-control': 'max-age=60',
  'x-amz-meta-owner': 'Ann B',
}
const TAGS = { sign: 'a+b=@', team: 'blue sky', 'updated-at': '2026-01-10T10:00:00.123456' }

let server: S3Server
let env: Record<string, string>
let files: string
beforeAll(async () => {
  server = await s3Server()
  env = { ...s3Environment(server), REKEY_S3_PART_SIZE: String(5 * MIB) }
  files = await directoryWith(FILES)
  await writeFile(join(files, LARGE), randomBytes(11 * MIB))
})

/** The directory as rclone uploads it, below `old/`. aws tags the large one: Ceph takes no tags with an upload in parts. */
async function plant(bucket: Bucket): Promise<void> {
  const tagging = new URLSearchParams(TAGS).toString().replaceAll('+', '%20')
  const headers = Object.entries({ ...HEADERS, 'x-amz-tagging': tagging })
  const flags = headers.flatMap(([header, value]) => ['--header-upload', `${header}: ${value}`])
  const parts = ['--s3-upload-cutoff', '5Mi', '--s3-chunk-size', '5Mi']
  succeeded(await runRclone(server, ['copy', files, `s3:${bucket.name}/old`, ...parts, ...flags]))
  const TagSet = Object.entries(TAGS).map(([Key, Value]) => ({ Key, Value }))
  await aws('put-object-tagging', bucket, '--key', `old/${LARGE}`, '--tagging', JSON.stringify({ TagSet }))
}

/** Each tool reads what the one before has printed. */
async function through(stdin: string, ...tools: readonly (readonly [tool: string, ...args: string[]])[]) {
  let printed = stdin
  for (const [tool, ...args] of tools) printed = succeeded(await runTool(tool, { args, stdin: printed, env }))
  return printed
}

function succeeded({ stdout, stderr, code }: ToolRun): string {
  expect(code, stderr).toBe(0)
  return stdout
}

async function aws(command: string, { name }: Bucket, ...args: readonly string[]) {
  const all = ['s3api', command, '--bucket', name, '--output', 'json', ...args]
  return JSON.parse(succeeded(await runAws(server, all)) || '{}')
}

const below = (prefix: string, names = NAMES) => names.map((name) => prefix + name)

/** Both say that these keys are there, and no others. */
async function expectKeys(bucket: Bucket, keys: readonly string[]): Promise<void> {
  const { Contents = [] } = await aws('list-objects-v2', bucket)
  expect(Contents.map(({ Key }: { Key: string }) => Key).toSorted()).toEqual(keys.toSorted())
  const listed = succeeded(await runRclone(server, ['lsf', '-R', '--files-only', `s3:${bucket.name}`]))
  expect(listed.trimEnd().split('\n').toSorted()).toEqual(keys.toSorted())
}

/** rclone reads every byte below the prefix and in the directory, and finds neither a difference nor a key too many. */
async function expectContents({ name }: Bucket, prefix: string): Promise<void> {
  succeeded(await runRclone(server, ['check', '--download', files, `s3:${name}/${prefix}`]))
  const sums = async (place: string, ...flags: string[]) =>
    succeeded(await runRclone(server, ['md5sum', ...flags, place]))
      .split('\n')
      .toSorted()
  expect(await sums(`s3:${name}/${prefix}`, '--download')).toEqual(await sums(files))
}

/** aws names the type, the metadata and the tags of every key. */
async function expectExtras(bucket: Bucket, prefix: string): Promise<void> {
  for (const key of below(prefix)) {
    const [head, { TagSet = [] }] = await Promise.all([
      aws('head-object', bucket, '--key', key),
      aws('get-object-tagging', bucket, '--key', key),
    ])
    expect([key, head]).toMatchObject([
      key,
      {
        ContentType: HEADERS['content-type'],
        CacheControl: HEADERS['cache-control'],
        Metadata: { owner: HEADERS['x-amz-meta-owner'] },
        ETag: key.endsWith(LARGE)
          ? expect.stringMatching(/^"[0-9a-f]{32}-3"$/)
          : expect.stringMatching(/^"[0-9a-f]{32}"$/),
      },
    ])
    const tags = TagSet.map((tag: { Key: string; Value: string }) => [tag.Key, tag.Value])
    expect([key, Object.fromEntries(tags)]).toEqual([key, TAGS])
  }
}

async function versions(bucket: Bucket) {
  const { Versions = [], DeleteMarkers = [] } = await aws('list-object-versions', bucket)
  // biome-ignore lint/suspicious/noExplicitAny: as aws prints them
  const named = (all: any[]) => all.map(({ Key, VersionId }) => [Key, VersionId]).toSorted()
  return { objects: named(Versions), markers: named(DeleteMarkers) }
}

test('files become objects, with the type, metadata and tags that the plan gives them', async () => {
  const bucket = await freshBucket(server)
  const plan = await through(
    '',
    ['list-keys', files],
    ['rewrite-keys', '--sub', 's|^|new/|', '--to-store', bucket.location],
  )
  const given = recordsOf({ stdout: plan }).map((record) => JSON.stringify({ ...record, headers: HEADERS, tags: TAGS }))
  await through(`${given.join('\n')}\n`, ['copy-apply'], ['verify', '--proof', 'bytes'])
  await expectKeys(bucket, below('new/'))
  await expectContents(bucket, 'new/')
  await expectExtras(bucket, 'new/')
  expect(await aws('list-multipart-uploads', bucket)).not.toHaveProperty('Uploads')
}, 240_000)

describe.each([
  ['without versions', false],
  ['with versions', true],
])('a bucket %s', (_, versioning) => {
  test('is copied within, and rid of the originals', async () => {
    const bucket = await freshBucket(server, { versioning })
    await plant(bucket)
    await expectKeys(bucket, below('old/'))

    const proven = await through(
      '',
      ['list-keys', `${bucket.location}/old/`],
      ['rewrite-keys', '--sub', 's|^old/|new/|'],
      ['copy-apply'],
      ['verify'],
    )
    await expectKeys(bucket, [...below('old/'), ...below('new/')])
    await expectContents(bucket, 'new/')
    const before = await versions(bucket)
    expect(before.markers).toEqual([])

    const deleted = await through(proven, ['delete-apply'])
    await expectKeys(bucket, below('new/'))
    const after = await versions(bucket)
    const markers = recordsOf({ stdout: deleted }).flatMap(({ key, marker }) => (marker ? [[key, marker]] : []))
    expect(markers).toHaveLength(versioning ? NAMES.length : 0)
    expect(after.markers).toEqual(markers.toSorted())
    expect(after.objects).toEqual(before.objects.filter(([key]) => versioning || key.startsWith('new/')))
    if (!versioning) return await expectExtras(bucket, 'new/')

    await through(deleted, ['delete-apply', '--undo'])
    expect(await versions(bucket)).toEqual(before)
    await expectContents(bucket, 'old/')
  }, 240_000)
})
