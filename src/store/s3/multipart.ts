/**
 * An object written in parts: begun, its parts one by one, then completed or aborted. Until it is completed there is
 * nothing under the key. What has been begun and neither completed nor aborted stays and costs, so every failure aborts.
 */
import { createHash } from 'node:crypto'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import { demand } from './ask.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { encodeQuery } from './keys.ts'
import type { Reply } from './request.ts'
import { isPlainEtag, plainEtag } from './stored-object.ts'
import { tag, unescapeXml } from './xml.ts'

/** S3 takes no more parts. */
export const MOST_PARTS = 10_000

/** So long an abort may take when the run itself has been stopped. */
const ABORT_MS = 10_000

export class Multipart {
  readonly key: string
  readonly #bucket: Bucket
  readonly #id: string
  readonly #etags: string[] = []

  private constructor(bucket: Bucket, key: string, id: string) {
    this.#bucket = bucket
    this.key = key
    this.#id = id
  }

  /** `headers`: all that the object is to have. Throws what the server says. */
  static async begin(
    bucket: Bucket,
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Multipart> {
    const what = `beginning ${keyText(key)} in parts`
    const reply = await demand(bucket, { method: 'POST', key, query: 'uploads=', headers }, what, signal).catch(
      harmless,
    )
    return new Multipart(bucket, key, unescapeXml(tag(reply.body.toString('utf8'), 'UploadId') ?? ''))
  }

  /** `number` counts from 1. A part without an answer does no harm: it is sent again or aborted with the rest. */
  async put(number: number, headers: Record<string, string>, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const reply = await this.#part(number, headers, body, signal)
    this.#etags[number - 1] = plainEtag(reply.headers.etag ?? '')
  }

  /** A part that the server copies: `headers` name the source and the range. */
  async copy(number: number, headers: Record<string, string>, signal: AbortSignal): Promise<void> {
    const reply = await this.#part(number, headers, undefined, signal)
    this.#etags[number - 1] = plainEtag(tag(reply.body.toString('utf8'), 'ETag') ?? '')
  }

  /** The answer, which may be a refusal. */
  async complete(headers: Record<string, string>, signal: AbortSignal): Promise<Reply> {
    const parts = this.#etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>"${etag}"</ETag></Part>`)
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

  /** Takes away what has been sent, also when the run has been stopped. Failing that, `uploads` finds it later. */
  async abort(): Promise<void> {
    const signal = AbortSignal.timeout(ABORT_MS)
    await abortUpload(this.#bucket, this.key, this.#id, signal).catch(() => {})
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

/** As long as it is not completed there is nothing under the key, whether an answer came or not. */
function harmless(thrown: unknown): never {
  const error = toRekeyError(thrown)
  throw error.code === 'E_UNANSWERED' ? new RekeyError('E_CONNECTION', error.message, { cause: thrown }) : error
}

export async function abortUpload(bucket: Bucket, key: string, id: string, signal: AbortSignal): Promise<void> {
  const request = { method: 'DELETE', key, query: `uploadId=${encodeQuery(id)}` } as const
  await demand(bucket, request, `aborting the upload of ${keyText(key)}`, signal)
}
