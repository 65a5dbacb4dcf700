/**
 * Whether objects of a bucket are encrypted with keys of KMS, which a listing does not tell. One object is asked about it in
 * a run, and whoever looks at others says so; from the first that is, every source of a copy is looked at by itself. Holds
 * one answer.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Bucket } from './connection.ts'
import { head } from './look-up.ts'
import type { Reply } from './request.ts'
import type { StoredObject } from './stored-object.ts'
import { isPlainEtag } from './stored-object.ts'

export class Encryption {
  readonly #bucket: Bucket
  #isKms: boolean | undefined

  constructor(bucket: Bucket) {
    this.#bucket = bucket
  }

  /** an etag is no digest of the content then */
  get hidesContent(): boolean {
    return this.#isKms === true
  }

  /** Looks at an object, unless one has told already. What cannot be looked at tells nothing. */
  async learn(object: StoredObject, signal: AbortSignal): Promise<void> {
    if (this.#isKms) return
    if (this.#isKms !== undefined && object.headers === undefined) return
    const known = object.headers === undefined ? await head(this.#bucket, object.key, signal) : object
    if (known === undefined || known instanceof RekeyError) return
    this.#isKms = isKms(known.headers)
  }

  /**
   * `md5:…` where the etag is that of the content. An upload in parts has another one, and so has what is encrypted with
   * a key of KMS: there the whole etag is the kind, so that equal ones agree and different ones cannot be compared.
   */
  digestOf({ etag, sizeBytes, headers }: StoredObject): string {
    return isPlainEtag(etag) && !this.hidesContent && !isKms(headers) ? `md5:${etag}` : `etag-${etag}:${sizeBytes}`
  }
}

export function isKms(headers: Reply['headers'] | undefined): boolean {
  return headers?.[ALGORITHM]?.startsWith('aws:kms') === true
}

/** Whether a copy that was answered so is encrypted as its source is. Only a key of KMS is a matter of the object. */
export function isEncryptedAs(source: Reply['headers'] | undefined, copy: Reply['headers']): boolean {
  return !isKms(source) || [ALGORITHM, KEY].every((name) => source?.[name] === copy[name])
}

/** The headers by which a copy is encrypted as its source is. Without one, the bucket's own rule holds. */
export function encryptionHeaders(headers: Reply['headers'] | undefined): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of KEPT) {
    const value = headers?.[name]
    if (value !== undefined) kept[name] = value
  }
  return kept
}

const ALGORITHM = 'x-amz-server-side-encryption'
const KEY = 'x-amz-server-side-encryption-aws-kms-key-id'
const KEPT = [ALGORITHM, KEY, 'x-amz-server-side-encryption-bucket-key-enabled']
