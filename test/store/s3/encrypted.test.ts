/**
 * Storage classes, which Ceph has one of, and encryption, which it wants TLS for: what a copy asks a server for, on one
 * that notes it, and what is said of objects that are encrypted with a customer's key.
 */
import { afterEach, expect, test } from 'vitest'
import { recordsOf, runTool } from '../../run-tool.ts'
import { s3Environment } from '../../servers/s3.ts'
import type { Answer, FakeServer, Received } from './fake-server.ts'
import { answer, fakeServer, refusal } from './fake-server.ts'

const ETAG = 'f979463b0b4edf9163cda7ee49c8cb82'
const HEADERS = { etag: `"${ETAG}"`, 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT', 'x-amz-id-2': 'as on AWS' }
const COPIED = answer(200, `<CopyObjectResult><ETag>"${ETAG}"</ETag></CopyObjectResult>`)

type Headers = Readonly<Record<string, string>>

/** `old` is there, with these headers, or as `head` and `copy` say; conditions on writes are obeyed. */
function bucketWith(headers: Headers, { head, copy = COPIED }: { head?: Answer; copy?: Answer } = {}): Answer {
  const storageClass = headers['x-amz-storage-class'] ?? 'STANDARD'
  const listing = `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>old</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>"${ETAG}"</ETag><Size>7</Size><StorageClass>${storageClass}</StorageClass></Contents></ListBucketResult>`
  const old: Answer = (response) => response.writeHead(200, { ...HEADERS, ...headers, 'content-length': 7 }).end()
  const route = ({ method, url, headers: asked }: Received): Answer => {
    if (method === 'DELETE') return answer(204)
    if (method === 'GET') return answer(200, listing)
    if (method === 'HEAD') return url.endsWith('/old') ? (head ?? old) : answer(404)
    if (url.includes('.rekey-probe-'))
      return asked['if-none-match'] || asked['if-match'] ? refusal(412, 'PreconditionFailed') : answer(200)
    return copy
  }
  return (response, request) => route(request)(response, request)
}

let server: FakeServer
afterEach(() => server.stop())

async function copied(answers: Answer) {
  server = await fakeServer(answers)
  const env = s3Environment({ endpoint: server.origin, accessKey: 'a', secretKey: 'b' })
  const record = { store: 's3://bucket', key: 'old', size: 7, etag: ETAG, to: 'new' }
  const run = await runTool('copy-apply', { stdin: `${JSON.stringify(record)}\n`, env })
  return recordsOf(run)[0]
}

/** The headers by which the copy was asked for. */
function copyRequest(): Headers {
  const { headers } = server.received.find(({ method, url }) => method === 'PUT' && url.endsWith('/new')) as Received
  const names = Object.keys(headers).filter((name) => /^x-amz-(storage|server|copy|meta)/.test(name))
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]))
}

const SOURCE = { 'x-amz-copy-source': '/bucket/old', 'x-amz-copy-source-if-match': `"${ETAG}"` }

test.each<[string, Headers, Headers]>([
  ['nothing of its own', {}, {}],
  ['a storage class', { 'x-amz-storage-class': 'STANDARD_IA' }, { 'x-amz-storage-class': 'STANDARD_IA' }],
  [
    'a key of KMS, with a bucket key',
    {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-1:1:key/2',
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    },
    {
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'arn:aws:kms:eu-west-1:1:key/2',
      'x-amz-server-side-encryption-bucket-key-enabled': 'true',
    },
  ],
  [
    'two layers of KMS, and a class',
    { 'x-amz-server-side-encryption': 'aws:kms:dsse', 'x-amz-storage-class': 'GLACIER_IR' },
    { 'x-amz-server-side-encryption': 'aws:kms:dsse', 'x-amz-storage-class': 'GLACIER_IR' },
  ],
  // These the server copies by itself, with the metadata.
  ['metadata', { 'x-amz-meta-owner': 'ann', 'content-type': 'text/csv' }, {}],
])('a copy of an object with %s asks for the same', async (_, headers, expected) => {
  expect(await copied(bucketWith(headers))).toMatchObject({ outcome: 'done', toEtag: ETAG })
  expect(copyRequest()).toEqual({ ...SOURCE, ...expected })
})

test.each<[string, Parameters<typeof bucketWith>[1], string]>([
  ['the look', { head: answer(400) }, 'E_STORE'],
  [
    'the copy',
    {
      copy: answer(
        400,
        '<Error><Code>InvalidRequest</Code><Message>The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.</Message></Error>',
      ),
    },
    'E_UNSUPPORTED',
  ],
])("of a customer's key is spoken where %s is refused", async (_, answers, code) => {
  expect(await copied(bucketWith({}, answers))).toMatchObject({
    outcome: 'failed',
    error: { code, message: expect.stringMatching(/"old".*customer's key \(SSE-C\)/), retryable: false },
  })
})
