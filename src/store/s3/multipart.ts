/**
 * An object written in parts: begun, its parts one by one, then completed or aborted. Until it is completed there is
 * nothing under the key. What has been begun and neither completed nor aborted stays and costs, so every failure aborts.
 */
import { createHash } from 'node:crypto'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Algorithm } from './checksum.ts'
import { ALGORITHMS, headerOf } from './checksum.ts'
import { errorCode, failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { encodeQuery } from './keys.ts'
import { NEEDS } from './permissions.ts'
import type { Reply } from './request.ts'
import { isPlainEtag, plainEtag } from './stored-object.ts'
import { tag, unescapeXml } from './xml.ts'

/** S3 takes no more parts. */
export const MOST_PARTS = 10_000

/** So long an abort may take when the run itself has been stopped. */
const ABORT_MS = 10_000
/** How often it is tried: nobody else would. */
const ABORTS = 3

export class Multipart {
  readonly key: string
  readonly #bucket: Bucket
  readonly #id: string
  readonly #etags: string[] = []
  /** the checksum that the server keeps of each part, and whether it makes one of the whole content from them */
  readonly checksum: { readonly algorithm: Algorithm; readonly isWhole: boolean } | undefined
  readonly #checksums: (string | undefined)[] = []

  private constructor(bucket: Bucket, key: string, begun: Reply) {
    this.#bucket = bucket
    this.key = key
    this.#id = unescapeXml(tag(begun.body.toString('utf8'), 'UploadId') ?? '')
    const named = begun.headers['x-amz-checksum-algorithm']?.toLowerCase()
    const algorithm = ALGORITHMS.find((one) => one === named)
    const isWhole = begun.headers['x-amz-checksum-type'] === 'FULL_OBJECT'
    this.checksum = algorithm === undefined ? undefined : { algorithm, isWhole }
  }

  /** `headers`: all that the object is to have, and the checksum that is to be kept of it. Throws what the server says. */
  static async begin(
    bucket: Bucket,
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Multipart> {
    const begun = await Multipart.ask(bucket, key, headers, signal)
    if (begun instanceof Multipart) return begun
    throw failureOf(begun, `beginning ${keyText(key)} in parts`, NEEDS.write)
  }

  /** As `begin`, or the answer by which the server refuses. */
  static async ask(
    bucket: Bucket,
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Multipart | Reply> {
    const reply = await bucket.send({ method: 'POST', key, query: 'uploads=', headers }, signal).catch(harmless)
    return isError(reply) ? reply : new Multipart(bucket, key, reply)
  }

  /** `number` counts from 1. A part without an answer does no harm: it is sent again or aborted with the rest. */
  async put(number: number, headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const reply = await this.#part(number, headers, body, signal)
    this.#etags[number - 1] = plainEtag(reply.headers.etag ?? '')
    if (this.checksum !== undefined) this.#checksums[number - 1] = reply.headers[headerOf(this.checksum.algorithm)]
  }

  /** A part that the server copies: `headers` name the source and the range. */
  async copy(number: number, headers: Record<string, string>, signal: AbortSignal): Promise<void> {
    const reply = await this.#part(number, headers, undefined, signal)
    const text = reply.body.toString('utf8')
    this.#etags[number - 1] = plainEtag(tag(text, 'ETag') ?? '')
    if (this.checksum !== undefined) this.#checksums[number - 1] = tag(text, elementOf(this.checksum.algorithm))
  }

  /** The answer, which may be a refusal. `whole`: the checksum of the content, which the server holds its own against. */
  async complete(condition: Record<string, string>, whole: string | undefined, signal: AbortSignal): Promise<Reply> {
    const parts = this.#etags.map(
      (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>"${etag}"</ETag>${this.#checksumOf(at)}</Part>`,
    )
    const headers = { ...condition, ...this.#wholeHeaders(whole) }
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`
    const request = { method: 'POST', key: this.key, query: this.#query(), headers, body } as const
    return await this.#bucket.send(request, signal)
  }

  /** What the whole will have as its etag; undefined where the parts' etags are not digests. */
  get etag(): string | undefined {
    if (!this.#etags.every(isPlainEtag)) return undefined
    const digest = createHash('md5')
    for (const etag of this.#etags) digest.update(Buffer.from(etag, 'hex'))
    return `${digest.digest('hex')}-${this.#etags.length}`
  }

  /** Takes away what has been sent, also when the run has been stopped. Failing that, `unfinishedUploads` finds it later. */
  async abort(): Promise<void> {
    const signal = AbortSignal.timeout(ABORT_MS)
    for (let left = ABORTS; left > 0; left--) {
      try {
        return await abortUpload(this.#bucket, this.key, this.#id, signal)
      } catch (thrown) {
        if (!toRekeyError(thrown).retryable && !isUnanswered(thrown)) return
      }
    }
  }

  #checksumOf(at: number): string {
    const value = this.#checksums[at]
    if (this.checksum === undefined || value === undefined) return ''
    const element = elementOf(this.checksum.algorithm)
    return `<${element}>${value}</${element}>`
  }

  #wholeHeaders(whole: string | undefined): Record<string, string> {
    if (whole === undefined || this.checksum?.isWhole !== true) return {}
    return { [headerOf(this.checksum.algorithm)]: whole, 'x-amz-checksum-type': 'FULL_OBJECT' }
  }

  async #part(
    number: number,
    headers: Record<string, string>,
    body: Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Reply> {
    const query = `partNumber=${number}&${this.#query()}`
    const request = { method: 'PUT', key: this.key, query, headers } as const
    const sent = this.#bucket.send(body === undefined ? request : { ...request, body }, signal)
    const reply = await sent.catch(harmless)
    if (isError(reply)) throw failureOf(reply, `part ${number} of ${keyText(this.key)}`)
    return reply
  }

  #query(): string {
    return `uploadId=${encodeQuery(this.#id)}`
  }
}

/** The element of an answer or a request that holds a checksum: `ChecksumCRC32`. */
function elementOf(algorithm: Algorithm): string {
  return `Checksum${algorithm.toUpperCase()}`
}

/** As long as it is not completed there is nothing under the key, whether an answer came or not. */
function harmless(thrown: unknown): never {
  const error = toRekeyError(thrown)
  throw isUnanswered(error) ? new RekeyError('E_CONNECTION', error.message, { cause: thrown }) : error
}

function isUnanswered(thrown: unknown): boolean {
  return toRekeyError(thrown).code === 'E_UNANSWERED'
}

/** Whether an answer says that there is no such upload; Ceph calls it a key. */
export function isGone(reply: Reply): boolean {
  return reply.status === 404 && errorCode(reply) !== 'NoSuchBucket'
}

/** Also where it is gone already: aborting twice does no harm. Throws what the server says. */
export async function abortUpload(bucket: Bucket, key: string, id: string, signal: AbortSignal): Promise<void> {
  const reply = await bucket.send({ method: 'DELETE', key, query: `uploadId=${encodeQuery(id)}` }, signal)
  if (!isError(reply) || isGone(reply)) return
  throw failureOf(reply, `aborting the upload of ${keyText(key)}`)
}
