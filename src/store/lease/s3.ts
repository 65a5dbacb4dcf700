/**
 * Leases as objects, `PREFIX/NAME.lease.json`: created by PUT with If-None-Match, renewed, taken over and given back by
 * PUT with If-Match on the etag that was read. Nothing is ever deleted, for a server may ignore a condition on DELETE.
 * The age is the answer's Date less the object's Last-Modified, both of them the server's.
 */
import { RekeyError } from '../../record/errors.ts'
import type { StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { errorCode, failureOf } from '../s3/classify.ts'
import type { Bucket } from '../s3/connection.ts'
import { readLocation } from '../s3/location.ts'
import { openBucket } from '../s3/open-s3.ts'
import type { Reply } from '../s3/request.ts'
import type { LeaseRecord, LeaseSpace, SeenLease } from './contract.ts'
import { leaseText, parseLease } from './record.ts'
import type { Condition } from './s3-conditions.ts'
import { tryConditions } from './s3-conditions.ts'

/** Both times are whole seconds, so that the difference may be up to one too large. */
const GRAIN_MS = 1000

export async function openS3Leases(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<LeaseSpace> {
  const { prefix } = readLocation(location)
  const bucket = await openBucket(location, settings, surroundings)
  const directory = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
  return new S3Leases(bucket, directory)
}

class S3Leases implements LeaseSpace {
  readonly location: string
  readonly #bucket: Bucket
  readonly #directory: string
  #condition: Promise<Condition> | undefined

  constructor(bucket: Bucket, directory: string) {
    this.location = `${bucket.location}/${directory}`
    this.#bucket = bucket
    this.#directory = directory
  }

  async check(signal: AbortSignal): Promise<void> {
    this.#condition ??= tryConditions(this.#bucket, this.#directory, signal)
    await this.#condition
  }

  async read(name: string, signal: AbortSignal): Promise<SeenLease | undefined> {
    const reply = await this.#bucket.send({ method: 'GET', key: this.#keyOf(name) }, signal)
    if (reply.status === 404 && errorCode(reply) !== 'NoSuchBucket') return undefined
    if (reply.status >= 300) throw failureOf(reply, `lease ${name}`)
    const { etag = '', 'last-modified': modified = '' } = reply.headers
    const record = parseLease(reply.body.toString('utf8'))
    return { record, version: etag, mark: `${etag} ${modified}`, ageMs: ageOf(reply) }
  }

  create(name: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined> {
    return this.#put(name, record, { 'if-none-match': '*' }, signal)
  }

  async replace(name: string, version: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined> {
    await this.check(signal)
    const condition = (await this.#condition) as Condition
    return this.#put(name, record, { 'if-match': condition(version) }, signal)
  }

  close(): Promise<void> {
    return this.#bucket.close()
  }

  async #put(
    name: string,
    record: LeaseRecord,
    condition: Record<string, string>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const headers = { 'content-type': 'application/json', ...condition, ...metadataOf(record) }
    const reply = await this.#bucket.send(
      { method: 'PUT', key: this.#keyOf(name), headers, body: leaseText(record) },
      signal,
    )
    if (reply.status === 412) return undefined
    // If-Match finds no object at all: somebody has taken it away.
    if (reply.status === 404 && errorCode(reply) === 'NoSuchKey') return undefined
    // Another write is under way, or the server does not know what became of this one.
    if (reply.status === 409 || reply.status >= 500) throw unclear(reply, name)
    if (reply.status >= 300) throw failureOf(reply, `lease ${name}`)
    return reply.headers.etag ?? ''
  }

  #keyOf(name: string): string {
    return `${this.#directory}${name}.lease.json`
  }
}

/** Where workers of cocli look first. */
function metadataOf({ worker_id, heartbeat_at = '' }: LeaseRecord): Record<string, string> {
  return { 'x-amz-meta-worker-id': worker_id, 'x-amz-meta-heartbeat-at': heartbeat_at }
}

function ageOf({ headers }: Reply): number | undefined {
  const ageMs = Date.parse(headers.date ?? '') - Date.parse(headers['last-modified'] ?? '')
  return Number.isNaN(ageMs) ? undefined : Math.max(0, ageMs - GRAIN_MS)
}

function unclear(reply: Reply, name: string): RekeyError {
  return new RekeyError('E_UNANSWERED', failureOf(reply, `lease ${name}`).message)
}
