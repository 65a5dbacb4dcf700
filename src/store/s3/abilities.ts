/**
 * Which conditions a server obeys. Some ignore them and answer as if they had obeyed, so each is tried out, once a run,
 * on an object of our own; a server that will not have the object is one that obeys nothing.
 */
import { randomBytes } from 'node:crypto'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Surroundings } from '../open.ts'
import { isError } from './classify.ts'
import type { Bucket, Reply, Request } from './connection.ts'
import { deletionOf } from './deletion-request.ts'
import type { Obeyed } from './destination-guard.ts'
import { NOTHING_OBEYED } from './destination-guard.ts'
import { encodeKey, encodeQuery } from './keys.ts'

/** `If-None-Match: *` and `If-Match` on the destination, of a copy and of a PUT. */
export interface WriteAbilities {
  readonly copy: Obeyed
  readonly put: Obeyed
}

export interface DeleteAbilities {
  /** `If-Match` on a DELETE, and an `ETag` in a DeleteObjects */
  readonly one: boolean
  readonly many: boolean
}

const NO_WRITES: WriteAbilities = { copy: NOTHING_OBEYED, put: NOTHING_OBEYED }
const NO_DELETES: DeleteAbilities = { one: false, many: false }

export class Abilities {
  readonly #bucket: Bucket
  readonly #surroundings: Surroundings
  #writes: Promise<WriteAbilities> | undefined
  #deletes: Promise<DeleteAbilities> | undefined
  #hasWarned = false

  constructor(bucket: Bucket, surroundings: Surroundings) {
    this.#bucket = bucket
    this.#surroundings = surroundings
  }

  /** `near`: a key that is about to be written, beside which we may be allowed to write. Throws when nobody answers. */
  writes(near: string, signal: AbortSignal): Promise<WriteAbilities> {
    this.#writes ??= this.#probe(near, NO_WRITES, tryWrites, signal).catch((thrown) => {
      this.#writes = undefined
      throw thrown
    })
    return this.#writes
  }

  /** The same for copies; the first time, the user is told what a server that obeys nothing leaves open. */
  async copies(near: string, signal: AbortSignal): Promise<Obeyed> {
    const { copy } = await this.writes(near, signal)
    if (!copy.absent && !this.#hasWarned) this.#surroundings.warn(IGNORES(this.#bucket.location))
    this.#hasWarned = true
    return copy
  }

  deletes(near: string, signal: AbortSignal): Promise<DeleteAbilities> {
    this.#deletes ??= this.#probe(near, NO_DELETES, tryDeletes, signal).catch((thrown) => {
      this.#deletes = undefined
      throw thrown
    })
    return this.#deletes
  }

  async #probe<T>(near: string, none: T, tryOut: (probe: Probe) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { host, pid } = this.#surroundings.processName
    const name = `.rekey-probe-${host}-${pid}-${randomBytes(6).toString('hex')}`
    for (const directory of new Set(['', near.slice(0, near.lastIndexOf('/') + 1)])) {
      const probe = new Probe(this.#bucket, directory + name, signal)
      try {
        if (await probe.plant()) return await tryOut(probe)
      } finally {
        // Also what was refused, or not answered: it may be there.
        await probe.clear()
      }
    }
    return none
  }
}

const OTHER_ETAG = '"00000000000000000000000000000000"'

const IGNORES = (location: string) =>
  `${location}: the server does not obey create-only copies, so each destination is looked at before it is written; let nobody else write there meanwhile`

/** How often it is tried to take the object away again. */
const CLEARINGS = 3

/** An object of ours, all its versions, and what a server makes of conditions that it does not meet. */
class Probe {
  readonly bucket: Bucket
  readonly key: string
  readonly #signal: AbortSignal
  readonly #versions = new Set<string>()

  constructor(bucket: Bucket, key: string, signal: AbortSignal) {
    this.bucket = bucket
    this.key = key
    this.#signal = signal
  }

  async plant(): Promise<boolean> {
    return !isError(await this.#send({ method: 'PUT', key: this.key, body: 'probe' }))
  }

  async refuses(request: Request): Promise<boolean> {
    return (await this.#send(request)).status === 412
  }

  async answer(request: Request): Promise<string> {
    return (await this.#send(request)).body.toString('utf8')
  }

  async clear(): Promise<void> {
    if (this.#versions.size > 0) await this.#findVersions()
    const versions = this.#versions.size === 0 ? [undefined] : [...this.#versions]
    for (const version of versions) {
      const query = version === undefined ? {} : { query: `versionId=${encodeQuery(version)}` }
      // What cannot be cleared away stays: it is small, and its name says what it is.
      for (let left = CLEARINGS; left > 0; left--) {
        const reply = await this.bucket
          .send({ method: 'DELETE', key: this.key, ...query }, this.#signal)
          .catch(() => {})
        if (reply !== undefined && reply.status < 500) break
      }
    }
  }

  /** Not every answer names its version: Ceph's to a copy does not, and a DeleteObjects makes a marker. */
  async #findVersions(): Promise<void> {
    const query = `prefix=${encodeQuery(this.key)}&versions=`
    const reply = await this.bucket.send({ method: 'GET', query }, this.#signal).catch(() => {})
    const found = reply?.body.toString('utf8').matchAll(/<VersionId>([^<]+)</g) ?? []
    for (const [, version = ''] of found) this.#versions.add(version)
  }

  async #send(request: Request): Promise<Reply> {
    const reply = await this.bucket.send(request, this.#signal).catch((thrown) => {
      // An unanswered probe has written nothing that anybody waits for.
      throw new RekeyError('E_CONNECTION', toRekeyError(thrown).message, { cause: thrown })
    })
    const version = reply.headers['x-amz-version-id']
    if (version !== undefined) this.#versions.add(version)
    return reply
  }
}

async function tryWrites(probe: Probe): Promise<WriteAbilities> {
  const { key, bucket } = probe
  const onto = {
    'x-amz-copy-source': `/${bucket.name}/${encodeKey(key)}`,
    // A copy onto itself must change something.
    'x-amz-metadata-directive': 'REPLACE',
    'x-amz-meta-rekey': 'probe',
  }
  const copy = {
    absent: await probe.refuses({ method: 'PUT', key, headers: { ...onto, 'if-none-match': '*' } }),
    match: await probe.refuses({ method: 'PUT', key, headers: { ...onto, 'if-match': OTHER_ETAG } }),
  }
  const put = {
    absent: await probe.refuses({ method: 'PUT', key, headers: { 'if-none-match': '*' }, body: 'probe' }),
    match: await probe.refuses({ method: 'PUT', key, headers: { 'if-match': OTHER_ETAG }, body: 'probe' }),
  }
  return { copy, put }
}

async function tryDeletes(probe: Probe): Promise<DeleteAbilities> {
  const many = await probe.answer(deletionOf([{ key: probe.key, etag: OTHER_ETAG }]))
  if (!many.includes('<Code>PreconditionFailed</Code>')) await probe.plant()
  const one = await probe.refuses({ method: 'DELETE', key: probe.key, headers: { 'if-match': OTHER_ETAG } })
  return { one, many: many.includes('<Code>PreconditionFailed</Code>') }
}
