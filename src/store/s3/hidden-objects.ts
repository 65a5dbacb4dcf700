/**
 * What hides an object that is gone from a bucket with versions: a run that was killed has made delete markers that it
 * could not name any more. Holds whether the bucket may have versions.
 */
import type { Evidence } from '../contract.ts'
import { isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import type { Encryption } from './encryption.ts'
import { weigh } from './evidence.ts'
import { encodeQuery } from './keys.ts'
import { versionsPage } from './list-page.ts'
import { tag } from './xml.ts'

const SERVER_ERROR = 500

export class HiddenObjects {
  readonly #bucket: Bucket
  readonly #encryption: Encryption
  #mayHaveVersions: Promise<boolean> | undefined

  constructor(bucket: Bucket, encryption: Encryption) {
    this.#bucket = bucket
    this.#encryption = encryption
  }

  /**
   * The delete marker that hides just what is expected: it is the newest version of the key, and what is expected is
   * the one beneath. Undefined where that is not so, and where it cannot be looked at. A request a key. Never throws.
   */
  async markerOf(key: string, expect: Evidence, signal: AbortSignal): Promise<string | undefined> {
    this.#mayHaveVersions ??= this.#askForVersioning(signal)
    if (!(await this.#mayHaveVersions)) return undefined
    try {
      const query = `encoding-type=url&max-keys=2&prefix=${encodeQuery(key)}&versions=`
      const reply = await this.#bucket.send({ method: 'GET', query }, signal)
      if (isError(reply)) return undefined
      const [newest, beneath] = versionsPage(reply.body).entries()
      if (newest?.key !== key || newest.type !== 'delete-marker' || newest.latest !== true) return undefined
      if (beneath?.key !== key || beneath.type === 'delete-marker') return undefined
      const { sizeBytes = 0, etag = '', mtimeMs = 0 } = beneath
      const object = { key, sizeBytes, etag, mtimeMs }
      return weigh(expect, object, this.#encryption) === 'same' ? newest.version : undefined
    } catch {
      return undefined
    }
  }

  /** Also a bucket that keeps none any more may have some, and one that gives no answer. Who may not ask is told nothing. */
  async #askForVersioning(signal: AbortSignal): Promise<boolean> {
    const reply = await this.#bucket.send({ method: 'GET', query: 'versioning=' }, signal).catch(() => undefined)
    if (reply === undefined || reply.status >= SERVER_ERROR) return true
    return !isError(reply) && tag(reply.body.toString('utf8'), 'Status') !== undefined
  }
}
