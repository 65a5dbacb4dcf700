/** The listing on a real server, and its pages as servers write them. */
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Key } from '../../../src/record/key.ts'
import { compareKeys } from '../../../src/record/key.ts'
import type { Entry, Range, Store } from '../../../src/store/contract.ts'
import { objectsPage, versionsPage } from '../../../src/store/s3/list-page.ts'
import type { Page } from '../../../src/store/s3/range-listing.ts'
import type { Bucket, S3Server } from '../../servers/s3.ts'
import { freshBucket, s3Server } from '../../servers/s3.ts'
import { openAt, signal } from './open.ts'

let server: S3Server
beforeAll(async () => {
  server = await s3Server()
})

async function listed(store: Store, range: Range = {}): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const entries of store.list(range, signal)) all.push(...entries)
  return all
}

async function plant(bucket: Bucket, keys: readonly string[], body = 'x'): Promise<void> {
  const bytes = Buffer.from(body)
  const content = {
    form: 'plain',
    sizeBytes: bytes.length,
    body: async function* () {
      yield bytes
    },
  } as const
  const store = await openAt(server, bucket.location)
  const outcomes = await Promise.all(keys.map((key) => store.write?.({ key, content }, 'any', signal)))
  expect(outcomes.map((outcome) => outcome?.outcome)).toEqual(keys.map(() => 'done'))
  await store.close()
}

const ODD = [
  ' ',
  '%41',
  '//',
  'a b+c',
  'a&b<c>',
  "it's",
  '"quoted"',
  'tab\there',
  'line\nend',
  'ctl\u0001',
  'del\u007f',
  'x/../y',
  './x',
  '?query=1',
  '#',
  '+',
  'ü/ö',
  '\ud7ff',
  '\ue000',
  '\uffee',
  '\u{10000}',
  '😀',
  '\u{10fffd}',
  'k'.repeat(1024),
  '_under',
  '~',
  '*',
  '\\',
]

describe('a bucket with odd keys', () => {
  let bucket: Bucket
  let store: Store
  beforeAll(async () => {
    bucket = await freshBucket(server)
    await plant(bucket, ODD, 'x')
    store = await openAt(server, bucket.location)
    return async () => {
      await store.close()
      // Not many at once: their names are no XML.
      for (const key of ODD) await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }))
    }
  })

  test('gives each as it is, in the order of its bytes, with what is known of it', async () => {
    const entries = await listed(store)
    expect(entries.map(({ key }) => key)).toEqual(ODD.toSorted(compareKeys))
    for (const entry of entries) {
      expect(entry).toEqual({
        key: entry.key,
        sizeBytes: 1,
        etag: '9dd4e461268c8034f5c8564e155c67a6',
        mtimeMs: expect.any(Number),
      })
      expect(Math.abs((entry.mtimeMs as number) - Date.now())).toBeLessThan(600_000)
    }
  })

  test('goes on behind each of them', async () => {
    const sorted = ODD.toSorted(compareKeys)
    const rests = await Promise.all(sorted.map((after) => listed(store, { after })))
    expect(rests.map((rest) => rest.map(({ key }) => key))).toEqual(sorted.map((_, at) => sorted.slice(at + 1)))
  })

  test.each([
    ['a*', ['a b+c', 'a&b<c>']],
    ['*😀*', ['😀']],
    ['it\\?s', []],
    ["it's", ["it's"]],
    ['\\*', ['*']],
  ])('--match %s', async (match, expected) => {
    expect((await listed(store, { match })).map(({ key }) => key)).toEqual(expected.toSorted(compareKeys))
  })

  test('a type that no object has gives nothing', async () => expect(await listed(store, { type: 'file' })).toEqual([]))

  test('with values', async () => {
    const entries = await listed(store, { values: true })
    expect(entries.map(({ key, value }) => [key, value])).toEqual(
      ODD.toSorted(compareKeys).map((key) => [key, { value: 'x' }]),
    )
  })
})

test('2,500 keys that begin alike, and a prefix of the location', async () => {
  const bucket = await freshBucket(server)
  const keys = Array.from({ length: 2500 }, (_, n) => `flat-${String(n).padStart(6, '0')}`)
  await plant(bucket, [...keys, 'flap', 'flau', 'zzz'])
  const store = await openAt(server, `${bucket.location}/flat-`)
  expect(store.location).toBe(bucket.location)
  expect((await listed(store)).map(({ key }) => key)).toEqual(keys)
  const after = 'flat-001234x'
  expect((await listed(store, { after })).map(({ key }) => key)).toEqual(keys.filter((key) => key > after))
  expect((await listed(store, { match: '*7' })).map(({ key }) => key)).toEqual(keys.filter((key) => key.endsWith('7')))
  expect(await listed(store, { match: 'zzz' })).toEqual([])
  await store.close()
})

test('versions: the newest first, markers too', async () => {
  const bucket = await freshBucket(server, { versioning: true })
  await plant(bucket, ['a', 'b', 'c'], 'one')
  await plant(bucket, ['b', 'c'], 'twice')
  await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: 'c' }))
  const store = await openAt(server, bucket.location)
  const entries = await listed(store, { versions: true })
  const told = entries.map(({ key, latest, type, sizeBytes }) => [key, latest, type ?? sizeBytes])
  expect(told).toEqual([
    ['a', true, 3],
    ['b', true, 5],
    ['b', false, 3],
    ['c', true, 'delete-marker'],
    ['c', false, 5],
    ['c', false, 3],
  ])
  expect(new Set(entries.map(({ version }) => version)).size).toBe(6)
  expect((await listed(store, { versions: true, type: 'delete-marker' })).map(({ key }) => key)).toEqual(['c'])
  expect((await listed(store, { versions: true, after: 'a' })).length).toBe(5)
  const values = await listed(store, { versions: true, values: true })
  expect(values.map(({ value }) => value)).toEqual(
    ['one', 'twice', 'one', undefined, 'twice', 'one'].map((value) => (value === undefined ? undefined : { value })),
  )
  await store.close()
})

test('an object that is too large for a record ends the listing of values', async () => {
  const bucket = await freshBucket(server)
  await plant(bucket, ['large'], 'x'.repeat(16 * 1024 * 1024 + 1))
  const store = await openAt(server, bucket.location)
  await expect(listed(store, { values: true })).rejects.toMatchObject({
    code: 'E_UNSUPPORTED',
    message: expect.stringContaining('"large" has 16777217 bytes'),
  })
  expect((await listed(store)).length).toBe(1)
  await store.close()
})

describe('opening', () => {
  test.each([
    ['a bucket that is not there', () => server, 's3://rekey-nowhere', 'E_LOCATION'],
    ['a wrong secret', () => ({ ...server, secretKey: 'wrong' }), 's3://rekey-nowhere', 'E_AUTH'],
    ['an unknown user', () => ({ ...server, accessKey: 'nobody' }), 's3://rekey-nowhere', 'E_AUTH'],
    ['nobody there', () => ({ ...server, endpoint: 'http://127.0.0.1:1' }), 's3://rekey-nowhere', 'E_CONNECTION'],
    ['no bucket', () => server, 's3://', 'E_LOCATION'],
  ])('%s', async (_, access, location, code) => {
    await expect(openAt(access(), location)).rejects.toMatchObject({ code })
  })

  test('who may not list may open: what is denied is told by the calls', async () => {
    const bucket = await freshBucket(server)
    const store = await openAt({ ...server, ...server.other }, bucket.location)
    await expect(listed(store)).rejects.toMatchObject({ code: 'E_DENIED' })
    await store.close()
  })
})

describe('a page', () => {
  const read = ({ entries, next }: Page) => ({ entries: entries(), ...(next !== undefined && { next }) })

  const page = (contents: string, rest = '<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>') =>
    Buffer.from(`<?xml version="1.0"?>\n<ListBucketResult xmlns="x">${rest}${contents}</ListBucketResult>`)

  test('its elements in any order, as AWS and Ceph have them', () => {
    const body = page(
      '<Contents><Key>a+b%2Bc%0A</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>' +
        '<ETag>&quot;e-2&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>' +
        '<Contents><Size>6</Size><ETag>"f"</ETag><LastModified>2026-01-02T03:04:05Z</LastModified><Key>it&apos;s</Key></Contents>',
    )
    const mtimeMs = Date.UTC(2026, 0, 2, 3, 4, 5)
    expect(read(objectsPage(body))).toEqual({
      entries: [
        { key: 'a b+c\n', sizeBytes: 5, etag: 'e-2', mtimeMs },
        { key: "it's", sizeBytes: 6, etag: 'f', mtimeMs },
      ],
    })
  })

  test('of a server that does not encode: as XML has it', () => {
    const body = page(
      '<Contents><Key>a+b%20&lt;ü&#x1;&#10;</Key><Size>1</Size></Contents>',
      '<IsTruncated>true</IsTruncated>',
    )
    expect(read(objectsPage(body))).toEqual({
      entries: [{ key: 'a+b%20<ü\u0001\n', sizeBytes: 1 }],
      next: { key: 'a+b%20<ü\u0001\n' },
    })
  })

  test('tells its first and last key before it is read, and some between', () => {
    const names = Array.from({ length: 100 }, (_, n) => `k${String(n).padStart(3, '0')}`)
    const { keys } = objectsPage(page(names.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('')))
    expect([keys[0], keys.at(-1)]).toEqual(['k000', 'k099'])
    expect(names.filter((name) => keys.includes(name))).toEqual(keys)
    expect(keys.length).toBeGreaterThan(10)
    expect(objectsPage(page('')).keys).toEqual([])
  })

  test('a key that is no UTF-8', () => {
    const keys: Key[] = objectsPage(page('<Contents><Key>%FFa</Key></Contents>'))
      .entries()
      .map(({ key }) => key)
    expect(keys).toEqual([Buffer.from([0xff, 0x61])])
  })

  test.each([
    ['cut short', page('<Contents><Key>a</Key></Contents>').subarray(0, 120), 'E_CONNECTION'],
    ['of something else', Buffer.from('<html></html>'), 'E_STORE'],
    ['without a key, and not the last', page('', '<IsTruncated>true</IsTruncated>'), 'E_STORE'],
  ])('%s', (_, body, code) => {
    expect(() => objectsPage(body)).toThrow(expect.objectContaining({ code }))
  })

  test('of versions that does not say where the next begins', () => {
    const versions = (text: string) =>
      versionsPage(Buffer.from(`<ListVersionsResult><IsTruncated>true</IsTruncated>${text}</ListVersionsResult>`))
    expect(() => versions('')).toThrow(expect.objectContaining({ code: 'E_STORE' }))
    const { next } = versions('<Version><Key>a</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest></Version>')
    expect(next).toMatchObject({ key: 'a', version: 'v1' })
  })

  test('of versions that ends within a key', () => {
    const body = Buffer.from(
      '<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextKeyMarker>a%20b</NextKeyMarker>' +
        '<NextVersionIdMarker>v1</NextVersionIdMarker><DeleteMarker><Key>a%20b</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest>' +
        '</DeleteMarker><Version><Key>a%20b</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><Size>1</Size></Version></ListVersionsResult>',
    )
    expect(read(versionsPage(body))).toEqual({
      entries: [
        { key: 'a b', type: 'delete-marker', version: 'v2', latest: true },
        { key: 'a b', version: 'v1', latest: false, sizeBytes: 1 },
      ],
      next: { key: 'a b', version: 'v1' },
    })
  })
})
