/**
 * A bucket where one object is encrypted with a key of KMS and the others are not, which a listing does not tell. Ceph wants a
 * key server for it, so the server is a small one of ours: the etag of what is under a key of KMS is no digest, and a copy is
 * under the key that is asked for, or under none.
 */
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { recordsOf, runTool } from '../../run-tool.ts'
import { s3Environment } from '../../servers/s3.ts'
import type { Answer, FakeServer, Received } from './fake-server.ts'
import { answer, fakeServer, refusal } from './fake-server.ts'

const ALGORITHM = 'x-amz-server-side-encryption'
const KEY = 'x-amz-server-side-encryption-aws-kms-key-id'

interface Held {
  readonly body: string
  readonly etag: string
  /** of KMS; absent for an object under none */
  readonly key?: string | undefined
  readonly version: string
}

let objects: Map<string, Held>
let removed: string[]
let server: FakeServer
/** keys of KMS that may not be used */
let denied: string[]
/** keys of KMS under which the next copy is not made, and its connection is cut */
let unanswered: string[]
let isVersioned: boolean
beforeEach(async () => {
  objects = new Map()
  removed = []
  denied = []
  unanswered = []
  isVersioned = true
  server = await fakeServer((response, request) => route(request)(response, request))
})
afterEach(() => server.stop())

let versions = 0
function hold(name: string, body: string, key?: string, parts = ''): Held {
  const etag =
    createHash('md5')
      .update(body + (key === undefined ? '' : `${key}${versions}`))
      .digest('hex') + parts
  const held = { body, etag, key, version: `v${versions++}` }
  objects.set(name, held)
  return held
}

function route({ method, url, headers }: Received): Answer {
  const { pathname, searchParams } = new URL(url, 'http://server')
  const name = decodeURIComponent(pathname).split('/').slice(2).join('/')
  if (method === 'GET' && name === '') return answer(200, listing())
  const there = objects.get(name)
  if (method === 'DELETE') {
    const version = searchParams.get('versionId')
    removed.push(`${name} ${version}`)
    if (!isVersioned || there?.version === version) objects.delete(name)
    return answer(204)
  }
  if (method !== 'PUT') {
    if (there === undefined) return answer(404)
    return (response) => {
      response.writeHead(200, { ...told(there), 'content-length': there.body.length })
      response.end(method === 'GET' ? there.body : '')
    }
  }
  if (name.includes('.rekey-probe-'))
    return headers['if-none-match'] || headers['if-match'] ? refusal(412, 'PreconditionFailed') : answer(200)
  const isMet = headers['if-match'] === undefined || headers['if-match'] === `"${there?.etag}"`
  if (!isMet || (headers['if-none-match'] && there !== undefined)) return refusal(412, 'PreconditionFailed')
  const source = objects.get(String(headers['x-amz-copy-source']).split('/').slice(2).join('/')) as Held
  const key = headers[KEY] as string | undefined
  if (key !== undefined && denied.includes(key)) return refusal(403, 'AccessDenied')
  if (key !== undefined && unanswered.includes(key)) {
    unanswered = unanswered.filter((one) => one !== key)
    return (response) => void response.socket?.destroy()
  }
  const copy = hold(name, source.body, key)
  return answer(200, `<CopyObjectResult><ETag>"${copy.etag}"</ETag></CopyObjectResult>`, told(copy))
}

function told({ etag, key, version }: Held): Record<string, string> {
  const encryption = key === undefined ? { [ALGORITHM]: 'AES256' } : { [ALGORITHM]: 'aws:kms', [KEY]: key }
  const time = { 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT', 'x-amz-id-2': 'as on AWS' }
  return { ...encryption, ...time, etag: `"${etag}"`, ...(isVersioned && { 'x-amz-version-id': version }) }
}

function listing(): string {
  const contents = [...objects]
    .toSorted()
    .map(
      ([name, { body, etag }]) =>
        `<Contents><Key>${encodeURIComponent(name)}</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>"${etag}"</ETag><Size>${body.length}</Size></Contents>`,
    )
  return `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
}

async function run(tool: string, stdin: string, ...args: string[]) {
  const env = s3Environment({ endpoint: server.origin, accessKey: 'a', secretKey: 'b' })
  return await runTool(tool, { args, stdin, env })
}

function plan(): string {
  const records = [...objects].toSorted().map(([key, { etag, body }]) => ({
    store: 's3://bucket',
    key,
    size: body.length,
    etag,
    to: `new/${key}`,
  }))
  return records.map((record) => `${JSON.stringify(record)}\n`).join('')
}

const keysOfCopies = () =>
  Object.fromEntries([...objects].flatMap(([name, { key }]) => (name.startsWith('new/') && key ? [[name, key]] : [])))

/** As many as are looked at by listing. The first, which is asked about, is under no key. */
const PLAIN = Array.from({ length: 40 }, (_, nth) => `a${nth}`)

function plant(parts = ''): void {
  for (const name of PLAIN) hold(name, `content of ${name}`)
  hold('b', 'under one key', 'key-1', parts)
  hold('c', 'under another', 'key-2', parts)
}

test.each([
  ['one piece', ''],
  ['parts', '-2'],
])(
  'each copy is under the key of its source, which was written in %s; no version under another stays',
  async (_, parts) => {
    plant(parts)
    const copied = await run('copy-apply', plan())
    const records = recordsOf(copied)
    expect(records).toHaveLength(42)
    for (const { outcome, to, toEtag } of records)
      expect([outcome, toEtag]).toEqual(['done', objects.get(String(to))?.etag])
    expect(keysOfCopies()).toEqual({ 'new/b': 'key-1', 'new/c': 'key-2' })
    const superseded = removed.filter((one) => one.startsWith('new/'))
    expect(superseded).toHaveLength(2)
  },
)

test('verify does not take their etags for digests', async () => {
  plant()
  for (let nth = 0; nth < 20; nth++) hold(`d${nth}`, `under a key, ${nth}`, 'key-1')
  const copied = await run('copy-apply', plan())
  // Of those that are not alike, the first is asked about.
  hold('new/a0', `CONTENT of a0`)
  const verified = await run('verify', copied.stdout)
  const proofs = recordsOf(verified).map(({ key, verified: is, proof }) => `${key} ${is} ${proof}`)
  const expected = [...objects.keys()]
    .filter((key) => !key.startsWith('new/'))
    .map((key) => {
      if (key === 'a0') return 'a0 false bytes'
      return `${key} true ${key.startsWith('a') ? 'etag' : 'bytes'}`
    })
  expect(proofs.toSorted()).toEqual(expected.toSorted())
})

test('what may not be written under its key fails, and no copy under another stays', async () => {
  plant()
  denied = ['key-2']
  isVersioned = false
  const copied = await run('copy-apply', plan())
  const failed = recordsOf(copied).filter(({ outcome }) => outcome !== 'done')
  expect(failed).toMatchObject([{ key: 'c', outcome: 'failed', error: { code: 'E_DENIED' } }])
  expect(objects.has('new/c')).toBe(false)
})

test('a copy under the key that gets no answer is made again, and no copy under another stays', async () => {
  plant()
  unanswered = ['key-2']
  isVersioned = false
  const copied = await run('copy-apply', plan())
  expect(recordsOf(copied).map(({ outcome }) => outcome)).toEqual(Array(42).fill('done'))
  expect(keysOfCopies()).toEqual({ 'new/b': 'key-1', 'new/c': 'key-2' })
})
