/**
 * Which conditions a server obeys. Some ignore them and answer as if they had obeyed, so each is tried out, once a run,
 * on an object of our own; a server that will not have the object is one that obeys nothing.
 */
import { randomBytes } from 'node:crypto'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Surroundings } from '../open.ts'
import { failureOf, isError } from './classify.ts'
import type { Bucket } from './connection.ts'
import { deletionOf } from './deletion-request.ts'
import type { Obeyed } from './destination-guard.ts'
import { NOTHING_OBEYED } from './destination-guard.ts'
import { encodeKey, encodeQuery } from './keys.ts'
import { NEEDS } from './permissions.ts'
import type { Reply, Request } from './request.ts'
import { plainEtag } from './stored-object.ts'

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

export const NO_WRITES: WriteAbilities = { copy: NOTHING_OBEYED, put: NOTHING_OBEYED }
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
    this.#writes ??= this.#probe(near, tryWrites, signal).then(
      (tried) => {
        if (!(tried instanceof RekeyError)) return tried
        this.#surroundings.warn(UNTRIED(this.#bucket.location, tried))
        this.#hasWarned = true
        return NO_WRITES
      },
      (thrown) => {
        this.#writes = undefined
        throw thrown
      },
    )
    return this.#writes
  }

  /** The same for copies; the first time, the user is told what a server that obeys nothing leaves open. */
  async copies(near: string, signal: AbortSignal): Promise<WriteAbilities> {
    const abilities = await this.writes(near, signal)
    if (!abilities.copy.absent && !this.#hasWarned) this.#surroundings.warn(IGNORES(this.#bucket.location))
    this.#hasWarned = true
    return abilities
  }

  deletes(near: string, signal: AbortSignal): Promise<DeleteAbilities> {
    this.#deletes ??= this.#probe(near, tryDeletes, signal).then(
      (tried) => (tried instanceof RekeyError ? NO_DELETES : tried),
      (thrown) => {
        this.#deletes = undefined
        throw thrown
      },
    )
    return this.#deletes
  }

  /** Gives why no object could be planted, where none could. */
  async #probe<T>(near: string, tryOut: (probe: Probe) => Promise<T>, signal: AbortSignal): Promise<T | RekeyError> {
    const { host, pid } = this.#surroundings.processName
    const name = `.rekey-probe-${host}-${pid}-${randomBytes(6).toString('hex')}`
    let failure: RekeyError | undefined
    for (const directory of new Set(['', near.slice(0, near.lastIndexOf('/') + 1)])) {
      const probe = new Probe(this.#bucket, directory + name, signal)
      try {
        failure = await probe.plant()
        if (failure === undefined) return await tryOut(probe)
      } finally {
        // Also what was refused, or not answered: it may be there.
        if (!(await probe.clear())) this.#surroundings.warn(STAYS(this.#bucket.location, probe.key))
      }
    }
    return failure as RekeyError
  }
}

const PROBE = 'probe'
const OTHER_ETAG = '"00000000000000000000000000000000"'

const IGNORES = (location: string) =>
  `${location}: the server does not obey create-only copies, so each destination is looked at before it is written; let nobody else write there meanwhile`

const UNTRIED = (location: string, { message }: RekeyError) =>
  `${location}: whether the server obeys create-only copies could not be tried out (${message}), so each destination is looked at before it is written; let nobody else write there meanwhile`

const STAYS = (location: string, key: string) =>
  `${location}: ${keyText(key)}, by which conditions were tried out, could not be deleted; allow s3:DeleteObject on it, and delete it by hand`

/** How often each condition is tried out until there is an answer. */
const ASKINGS = 4
/** How often it is tried to take the object away again. */
const CLEARINGS = 3

/** An object of ours, all its versions, and what a server makes of conditions that it does not meet. */
class Probe {
  readonly bucket: Bucket
  readonly key: string
  readonly #signal: AbortSignal
  readonly #versions = new Set<string>()
  #isPlanted = false

  constructor(bucket: Bucket, key: string, signal: AbortSignal) {
    this.bucket = bucket
    this.key = key
    this.#signal = signal
  }

  /** Why it could not be; undefined where it could. */
  async plant(): Promise<RekeyError | undefined> {
    const reply = await this.#send({ method: 'PUT', key: this.key, body: PROBE })
    if (isError(reply)) return failureOf(reply, `writing ${keyText(this.key)}`, NEEDS.write)
    this.#isPlanted = true
    return undefined
  }

  /** Without quotes; of the object as it is planted now. */
  async etag(): Promise<string> {
    const { headers } = await this.#send({ method: 'PUT', key: this.key, body: PROBE })
    return plainEtag(headers.etag ?? '')
  }

  async refuses(request: Request): Promise<boolean> {
    return (await this.#send(request)).status === 412
  }

  async answer(request: Request): Promise<string> {
    return (await this.#send(request)).body.toString('utf8')
  }

  /**
   * False where it was planted and stays: it is small, and its name says what it is. A bucket whose versions are suspended
   * names no version until it makes a delete marker.
   */
  async clear(): Promise<boolean> {
    if (this.#versions.size > 0) await this.#findVersions()
    const versions: (string | undefined)[] = this.#versions.size === 0 ? [undefined] : [...this.#versions]
    let isCleared = true
    for (const version of versions) {
      const query = version === undefined ? {} : { query: `versionId=${encodeQuery(version)}` }
      let isGone = false
      for (let left = CLEARINGS; left > 0 && !isGone; left--) {
        const reply = await this.bucket
          .send({ method: 'DELETE', key: this.key, ...query }, this.#signal)
          .catch(() => {})
        isGone = reply !== undefined && (reply.status < 300 || reply.status === 404)
        const marker = reply?.headers['x-amz-version-id']
        if (version === undefined && marker !== undefined) versions.push(marker)
        if (reply !== undefined && reply.status < 500) break
      }
      isCleared &&= isGone
    }
    return isCleared || !this.#isPlanted
  }

  /** Not every answer names its version: Ceph's to a copy does not, and a DeleteObjects makes a marker. */
  async #findVersions(): Promise<void> {
    const query = `prefix=${encodeQuery(this.key)}&versions=`
    const reply = await this.bucket.send({ method: 'GET', query }, this.#signal).catch(() => {})
    const found = reply?.body.toString('utf8').matchAll(/<VersionId>([^<]+)</g) ?? []
    for (const [, version = ''] of found) this.#versions.add(version)
  }

  async #send(request: Request): Promise<Reply> {
    const reply = await this.#answered(request)
    const version = reply.headers['x-amz-version-id']
    if (version !== undefined) this.#versions.add(version)
    return reply
  }

  /**
   * Asks again where no answer came, or one that says nothing: a run would otherwise begin all of it anew, which on a bad
   * connection may never come to its end.
   */
  async #answered(request: Request): Promise<Reply> {
    for (let left = ASKINGS; ; left--) {
      try {
        const reply = await this.bucket.send(request, this.#signal)
        if (left === 1 || reply.status < 500 || reply.status === 501) return reply
      } catch (thrown) {
        // An unanswered probe has written nothing that anybody waits for.
        if (left === 1 || this.#signal.aborted)
          throw new RekeyError('E_CONNECTION', toRekeyError(thrown).message, { cause: thrown })
      }
    }
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
  const absent = await probe.refuses({ method: 'PUT', key, headers: { 'if-none-match': '*' }, body: PROBE })
  return { copy, put: { absent, ...(await tryMatch(probe)) } }
}

/** A condition that is refused when it holds is as useless as one that is ignored. */
async function tryMatch(probe: Probe): Promise<Pick<Obeyed, 'match' | 'bareEtag'>> {
  const refuses = (etag: string) =>
    probe.refuses({ method: 'PUT', key: probe.key, headers: { 'if-match': etag }, body: PROBE })
  if (!(await refuses(OTHER_ETAG))) return { match: false }
  const etag = await probe.etag()
  if (!(await refuses(`"${etag}"`))) return { match: true }
  return (await refuses(etag)) ? { match: false } : { match: true, bareEtag: true }
}

async function tryDeletes(probe: Probe): Promise<DeleteAbilities> {
  const many = await probe.answer(deletionOf([{ key: probe.key, etag: OTHER_ETAG }]))
  if (!many.includes('<Code>PreconditionFailed</Code>')) await probe.plant()
  const one = await probe.refuses({ method: 'DELETE', key: probe.key, headers: { 'if-match': OTHER_ETAG } })
  return { one, many: many.includes('<Code>PreconditionFailed</Code>') }
}
