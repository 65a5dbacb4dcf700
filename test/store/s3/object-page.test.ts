/** The page of a listing in which keys are looked up, as servers write it. */
import { expect, test } from 'vitest'
import type { Bucket } from '../../../src/store/s3/connection.ts'
import { objectPage } from '../../../src/store/s3/object-page.ts'

async function pageOf(text: string) {
  const body = Buffer.from(`<?xml version="1.0"?><ListBucketResult>${text}</ListBucketResult>`)
  const send = async () => ({ status: 200, headers: {}, body })
  const bucket = { location: 's3://bucket', send, takeOpening: () => undefined }
  return await objectPage(bucket as unknown as Bucket, '', 'a', new AbortController().signal)
}

const TIME = '<LastModified>2026-01-02T03:04:05.678Z</LastModified>'
const known = { sizeBytes: 5, etag: 'e-2', mtimeMs: Date.UTC(2026, 0, 2, 3, 4, 5) }

test('elements in any order, classes but the usual, keys encoded', async () => {
  const { objects, isTruncated } = await pageOf(
    '<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>' +
      `<Contents><Key>a+b%2Bc%0A</Key>${TIME}<ETag>&quot;e-2&quot;</ETag><Size>5</Size><StorageClass>STANDARD</StorageClass></Contents>` +
      `<Contents><StorageClass>GLACIER</StorageClass><Size>5</Size><ETag>"e-2"</ETag>${TIME}<Key>it&apos;s</Key></Contents>` +
      `<Contents><Key>%FF</Key>${TIME}<ETag>x</ETag><Size>1</Size></Contents>` +
      `<Contents><Key>last</Key>${TIME}<ETag>&#34;e-2&#34;</ETag><Size>5</Size></Contents>`,
  )
  expect(isTruncated).toBe(true)
  expect(objects).toEqual([
    { key: 'a b+c\n', ...known },
    { key: "it's", ...known, storageClass: 'GLACIER' },
    { key: 'last', ...known },
  ])
})

test('keys of a server that does not encode', async () => {
  const { objects, isTruncated } = await pageOf(
    `<IsTruncated>false</IsTruncated><Contents><Key>é+&amp;%41</Key>${TIME}<ETag>"e-2"</ETag><Size>5</Size></Contents>`,
  )
  expect(isTruncated).toBe(false)
  expect(objects).toEqual([{ key: 'é+&%41', ...known }])
})

test('nothing', async () => expect((await pageOf('<IsTruncated>false</IsTruncated>')).objects).toEqual([]))

test('one that is cut short is no page', async () => {
  const body = Buffer.from('<ListBucketResult><IsTruncated>false</IsTruncated>')
  const send = async () => ({ status: 200, headers: {}, body })
  const bucket = { location: 's3://bucket', send, takeOpening: () => undefined }
  await expect(objectPage(bucket as unknown as Bucket, '', 'a', new AbortController().signal)).rejects.toMatchObject({
    code: 'E_CONNECTION',
  })
})
