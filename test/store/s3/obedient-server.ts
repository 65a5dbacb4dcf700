/**
 * A small S3 that obeys what Ceph ignores: conditions on every write, and checksums. It holds what it is
 * given in memory, does not look at signatures, and knows no more of S3 than the store asks for. It can be told not to obey.
 */
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Checksum } from '../../../src/store/contract.ts'
import type { Algorithm } from './sums.ts'
import { sumOf, sumOfParts } from './sums.ts'

export interface Obedience {
  /** obeys If-Match and If-None-Match, or that alone on copies; true when absent */
  readonly conditions?: boolean | 'of copies'
  /**
   * keeps checksums, knows nothing of them, or refuses requests that hold one; `crc32` knows no other, and `as R2` keeps none
   * of the whole of what is written in parts but CRC64NVME; kept when absent
   */
  readonly checksums?: 'kept' | 'ignored' | 'refused' | 'crc32' | 'as R2'
  /** whom it takes those for who ask; told of nobody when absent */
  readonly user?: string
}

export interface HeldObject {
  body: Buffer
  etag: string
  checksum?: Checksum | undefined
  readonly headers: Readonly<Record<string, string>>
}

interface Upload {
  readonly key: string
  /** the algorithm, and whether a checksum of the whole is made with it */
  readonly sums: Pick<Checksum, 'algorithm' | 'isWhole'> | undefined
  readonly parts: Map<number, Buffer>
  /** who has begun it; not told when absent */
  readonly by?: string | undefined
}

export interface Asked {
  readonly method: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

export interface ObedientServer {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  readonly objects: Map<string, HeldObject>
  readonly uploads: Map<string, Upload>
  readonly asked: readonly Asked[]
  /** called with each request before it is answered */
  before: (request: Asked) => void
  stop(): Promise<void>
}

type Answered = readonly [status: number, body?: string | Buffer, headers?: Readonly<Record<string, string>>]

export async function obedientServer({
  conditions = true,
  checksums = 'kept',
  user,
}: Obedience = {}): Promise<ObedientServer> {
  const objects = new Map<string, HeldObject>()
  const uploads = new Map<string, Upload>()
  const asked: Asked[] = []

  function answer(request: Asked): Answered {
    const { method, key, query, headers } = request
    if (declines(request)) return refused(501, 'NotImplemented')
    if (key === '') return [200, query.has('uploads') ? uploadListing(uploads) : listing(objects)]
    if (query.has('uploads')) return begin(request)
    if (query.has('uploadId')) return ofUpload(request)
    if (method === 'PUT') return write(request)
    if (method === 'DELETE') return objects.delete(key) ? [204] : [404]
    const object = objects.get(key)
    if (object === undefined) return method === 'HEAD' ? [404] : refused(404, 'NoSuchKey')
    return [200, object.body, headersOf(object, headers['x-amz-checksum-mode'] !== undefined)]
  }

  function declines({ headers }: Asked): boolean {
    const named = sentIn(headers)?.algorithm ?? headers['x-amz-checksum-algorithm']?.toString().toLowerCase()
    if (named === undefined) return false
    if (checksums === 'as R2') return headers['x-amz-checksum-type'] === 'FULL_OBJECT' && named !== 'crc64nvme'
    return checksums === 'refused' || (checksums === 'crc32' && named !== 'crc32')
  }

  function isMet(key: string, headers: Asked['headers']): boolean {
    const isCopy = headers['x-amz-copy-source'] !== undefined
    if (conditions === false || (conditions === 'of copies' && !isCopy)) return true
    const there = objects.get(key)
    if (headers['if-none-match'] === '*' && there !== undefined) return false
    return headers['if-match'] === undefined || headers['if-match'] === `"${there?.etag}"`
  }

  function write({ key, headers, body }: Asked): Answered {
    if (!isMet(key, headers)) return refused(412, 'PreconditionFailed')
    const source = headers['x-amz-copy-source']
    const from = source === undefined ? undefined : objects.get(keyIn(String(source)))
    if (source !== undefined && from === undefined) return refused(404, 'NoSuchKey')
    const checksum = checksums === 'ignored' ? undefined : sentIn(headers)
    if (checksum !== undefined && checksum.value !== sumOf(body, checksum.algorithm)) return refused(400, 'BadDigest')
    const object = from ?? { body, etag: md5(body), checksum, headers: keptOf(headers) }
    objects.set(key, { ...object })
    if (from !== undefined) return [200, `<CopyObjectResult><ETag>"${object.etag}"</ETag></CopyObjectResult>`]
    return [200, '', { etag: `"${object.etag}"`, ...checksumHeader(checksum) }]
  }

  function begin({ key, headers }: Asked): Answered {
    const id = randomUUID()
    const named = checksums === 'ignored' ? undefined : headers['x-amz-checksum-algorithm']
    const type = String(headers['x-amz-checksum-type'])
    const algorithm = named?.toString().toLowerCase() as Algorithm | undefined
    const sums = algorithm && { algorithm, isWhole: type === 'FULL_OBJECT' }
    if (sums?.isWhole && !algorithm?.startsWith('crc')) return refused(400, 'InvalidRequest')
    uploads.set(id, { key, sums, parts: new Map(), by: user })
    const said = { 'x-amz-checksum-algorithm': String(named), 'x-amz-checksum-type': type }
    const body = `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`
    return [200, body, sums === undefined ? {} : said]
  }

  function ofUpload({ method, query, headers, body }: Asked): Answered {
    const id = query.get('uploadId') ?? ''
    const upload = uploads.get(id)
    if (upload === undefined) return refused(404, 'NoSuchUpload')
    if (method === 'DELETE') return uploads.delete(id) ? [204] : [404]
    if (method === 'POST') return complete(id, upload, headers)
    if (headers['x-amz-copy-source'] !== undefined) return copyPart(upload, query, headers)
    const { algorithm } = upload.sums ?? {}
    const sum = sentIn(headers)
    if (algorithm !== sum?.algorithm || (sum && sum.value !== sumOf(body, algorithm))) return refused(400, 'BadDigest')
    upload.parts.set(Number(query.get('partNumber')), body)
    return [200, '', { etag: `"${md5(body)}"`, ...checksumHeader(sum) }]
  }

  function copyPart(upload: Upload, query: URLSearchParams, headers: Asked['headers']): Answered {
    const source = objects.get(keyIn(String(headers['x-amz-copy-source'])))
    const [, first, last] = /(\d+)-(\d+)/.exec(String(headers['x-amz-copy-source-range'])) ?? []
    const part = (source?.body ?? Buffer.alloc(0)).subarray(Number(first), Number(last) + 1)
    upload.parts.set(Number(query.get('partNumber')), part)
    const { algorithm } = upload.sums ?? {}
    const element = `Checksum${algorithm?.toUpperCase()}`
    const sum = algorithm === undefined ? '' : `<${element}>${sumOf(part, algorithm)}</${element}>`
    return [200, `<CopyPartResult><ETag>"${md5(part)}"</ETag>${sum}</CopyPartResult>`]
  }

  function complete(id: string, { key, parts, sums }: Upload, headers: Asked['headers']): Answered {
    if (!isMet(key, headers)) return refused(412, 'PreconditionFailed')
    const pieces = [...parts].sort(([one], [other]) => one - other).map(([, piece]) => piece)
    const body = Buffer.concat(pieces)
    const madeBy = ({ algorithm, isWhole }: NonNullable<Upload['sums']>) =>
      isWhole ? sumOf(body, algorithm) : sumOfParts(pieces, algorithm)
    const checksum = sums && { ...sums, value: madeBy(sums) }
    const sent = sentIn(headers)
    if (sent !== undefined && sent.value !== checksum?.value) return refused(400, 'BadDigest')
    const etag = `${md5(Buffer.concat(pieces.map((piece) => Buffer.from(md5(piece), 'hex'))))}-${pieces.length}`
    objects.set(key, { body, etag, checksum, headers: {} })
    uploads.delete(id)
    return [200, `<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`]
  }

  const server = createServer(async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = incoming
    const { pathname, searchParams: query } = new URL(url, 'http://server')
    const request = { method, key: keyIn(pathname), query, headers, body: await buffer(incoming) }
    asked.push(request)
    running.before(request)
    const [status, body = '', more = {}] = answer(request)
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...more })
    response.end(method === 'HEAD' ? '' : body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const running: ObedientServer = {
    before: () => {},
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    accessKey: 'anyone',
    secretKey: 'anything',
    objects,
    uploads,
    asked,
    stop: async () => {
      const closed = once(server.close(), 'close')
      server.closeAllConnections()
      await closed
    },
  }
  return running
}

/** Of `/bucket/key`. */
function keyIn(path: string): string {
  return decodeURIComponent(path).split('/').slice(2).join('/')
}

function keptOf(headers: Asked['headers']): Record<string, string> {
  const names = Object.keys(headers).filter((name) => name.startsWith('x-amz-meta-') || name === 'content-type')
  return Object.fromEntries(names.map((name) => [name, String(headers[name])]))
}

/** The checksum that a request brings. */
function sentIn(headers: Asked['headers']): Checksum | undefined {
  const algorithm = ALGORITHMS.find((one) => headers[`x-amz-checksum-${one}`] !== undefined)
  return algorithm && { algorithm, value: String(headers[`x-amz-checksum-${algorithm}`]), isWhole: true }
}

const ALGORITHMS = ['sha256', 'sha1', 'crc64nvme', 'crc32c', 'crc32'] as const

function checksumHeader(checksum: Checksum | undefined): Record<string, string> {
  return checksum === undefined ? {} : { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value }
}

function headersOf({ etag, checksum, headers }: HeldObject, isSummed: boolean): Record<string, string> {
  const said = { ...checksumHeader(checksum), 'x-amz-checksum-type': checksum?.isWhole ? 'FULL_OBJECT' : 'COMPOSITE' }
  const time = { 'last-modified': 'Wed, 01 Jan 2025 00:00:00 GMT', 'x-amz-id-2': 'none' }
  return { ...headers, ...time, etag: `"${etag}"`, ...(checksum !== undefined && isSummed ? said : {}) }
}

function listing(objects: ReadonlyMap<string, HeldObject>): string {
  const contents = [...objects].map(
    ([key, { body, etag }]) =>
      `<Contents><Key>${encodeURIComponent(key)}</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>"${etag}"</ETag><Size>${body.length}</Size></Contents>`,
  )
  return `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`
}

function uploadListing(uploads: ReadonlyMap<string, Upload>): string {
  const all = [...uploads].map(([id, { key, by }]) => {
    const initiator = by === undefined ? '' : `<Initiator><ID>${by}</ID></Initiator>`
    return `<Upload><Key>${encodeURIComponent(key)}</Key><UploadId>${id}</UploadId>${initiator}<Initiated>2025-01-01T00:00:00.000Z</Initiated></Upload>`
  })
  return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${all.join('')}</ListMultipartUploadsResult>`
}

function refused(status: number, code: string): Answered {
  return [status, `<Error><Code>${code}</Code><Message>as it is told</Message></Error>`]
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}
