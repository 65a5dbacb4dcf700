/** The delete marker over an object, where the question for the bucket's versions goes wrong. Real ones: test/whole/markers-after-kill. */
import { expect, test } from 'vitest'
import type { Bucket } from '../../../src/store/s3/connection.ts'
import { Encryption } from '../../../src/store/s3/encryption.ts'
import { HiddenObjects } from '../../../src/store/s3/hidden-objects.ts'
import type { Reply, Request } from '../../../src/store/s3/request.ts'

const ETAG = '0cc175b9c0f1b6a831c399e269772661'
const VERSIONS = `<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
  <DeleteMarker><Key>a</Key><VersionId>m1</VersionId><IsLatest>true</IsLatest><LastModified>2026-01-02T03:04:05.000Z</LastModified></DeleteMarker>
  <Version><Key>a</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><LastModified>2026-01-02T03:04:05.000Z</LastModified>
    <ETag>&quot;${ETAG}&quot;</ETag><Size>1</Size><StorageClass>STANDARD</StorageClass></Version>
</ListVersionsResult>`
const ENABLED = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'

test.each<[string, () => Reply, string | undefined]>([
  ['says that it keeps versions', () => replyOf(200, ENABLED), 'm1'],
  ['gives no answer', () => fail('the connection was closed'), 'm1'],
  ['is overloaded', () => replyOf(503, '<Error><Code>SlowDown</Code></Error>'), 'm1'],
  ['keeps none', () => replyOf(200, '<VersioningConfiguration/>'), undefined],
  ['may not be asked', () => replyOf(403, '<Error><Code>AccessDenied</Code></Error>'), undefined],
])('a bucket that %s', async (_, versioning, marker) => {
  const asked: (string | undefined)[] = []
  const send = async ({ query }: Request) => {
    asked.push(query)
    return query === 'versioning=' ? versioning() : replyOf(200, VERSIONS)
  }
  const bucket = { send } as unknown as Bucket
  const hidden = new HiddenObjects(bucket, new Encryption(bucket))
  const { signal } = new AbortController()
  expect(await hidden.markerOf('a', { etag: ETAG }, signal)).toBe(marker)
  expect(await hidden.markerOf('a', { etag: ETAG }, signal)).toBe(marker)
  expect(asked.filter((query) => query === 'versioning=')).toHaveLength(1)
})

function replyOf(status: number, body: string): Reply {
  return { status, headers: {}, body: Buffer.from(body) }
}

function fail(message: string): never {
  throw new Error(message)
}
