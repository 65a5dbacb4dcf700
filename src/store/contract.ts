/**
 * What a store is. A store reaches one location; its calls take batches and give one answer per input, in order.
 * Absent is a value, not an error. A store never retries: it says what happened, and `wrap/retry` decides.
 */
import type { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Reason } from '../record/record.ts'
import type { Uploads } from './uploads.ts'

/** What a listing knows of a key. `mtime` and `expires` are milliseconds since 1970, UTC. */
export interface Entry {
  readonly key: Key
  readonly sizeBytes?: number
  readonly etag?: string
  readonly mtimeMs?: number
  /** permission bits of a file */
  readonly mode?: number
  readonly type?: string
  readonly expiresMs?: number
  /** names the stored thing itself, so that one thing reached by two names is found out; from `stat` */
  readonly object?: string
  /** the content, when the range asked for values */
  readonly value?: Value
  /** of a listing with versions: which version it is, and whether a plain read gets this one */
  readonly version?: string
  readonly latest?: boolean
}

/** Content as a record holds it: JSON or text as `value`, anything else as `value64`. */
export type Value = { readonly value: unknown } | { readonly value64: string }

/** Which keys a listing gives. */
export interface Range {
  /** a glob over the whole key; `*` also crosses `/` */
  readonly match?: string
  /** only keys of this type */
  readonly type?: string
  /** only keys behind this one; for ordered stores */
  readonly after?: Key
  /** with the content of each key */
  readonly values?: boolean
  /** every version of each key, delete markers too; for stores that keep versions */
  readonly versions?: boolean
  /** only keys of the partition that has this value; for stores that have partitions */
  readonly partition?: string
  /** keys in the index of this name; for stores that have partitions */
  readonly index?: string
  /** where a listing that has failed goes on when it is made again with the same one; for stores that list in no order */
  readonly bookmark?: Bookmark
}

/** A store keeps here how far a listing has come. Empty for one that begins. */
export interface Bookmark {
  place?: unknown
}

export interface Pair {
  readonly from: Key
  readonly to: Key
  /** with guard `match`: what the destination was when it was looked at */
  readonly expect?: Evidence
  /** what the source was when it was listed; a store that sees that it has changed since fails with E_CHANGED */
  readonly source?: Evidence
}

/** What a key was, as far as is known; a store compares what it can. */
export interface Evidence {
  readonly sizeBytes?: number
  readonly mtimeMs?: number
  readonly etag?: string
  /** `algorithm:hex`, from the same kind of store's `digest` */
  readonly digest?: string
}

/** A key to be removed, and what it must still be. */
export interface Target {
  readonly key: Key
  readonly expect: Evidence
  /**
   * given to a store of which the witness is within reach of a transaction, E_UNPROVEN where it is not as expected; and to one
   * that holds both, which asks for it in the same step where it can
   */
  readonly witness?: Witness
}

/** What must be there for another key to go, and as expected where that can be told: the copy of a source, say. */
export interface Witness {
  /** the location of its store */
  readonly store: string
  readonly key: Key
  readonly expect: Evidence
}

/**
 * The condition under which a write may happen, checked in the same step as the write wherever the store can:
 * `absent` creates only · `match` replaces only what is still as expected · `merge` adds what the destination lacks ·
 * `any` overwrites.
 */
export type Guard = 'absent' | 'match' | 'merge' | 'any'

/** What became of one write. `unknown` is a write that was sent and not answered. */
export type Outcome = (
  | ({
      readonly outcome: 'done'
      readonly reason?: Reason
      readonly etag?: string
      readonly lost?: readonly string[]
      /** of a removal that has only hidden the key: the delete marker, by which `restore` takes it back */
      readonly marker?: string
    } & Extras)
  | {
      readonly outcome: 'skipped'
      readonly reason: Reason
      /** of a key that is gone: the delete marker that hides just what was to be removed, whoever has made it */
      readonly marker?: string
    }
  | { readonly outcome: 'failed' | 'unknown'; readonly error: RekeyError }
) & {
  /** how often it was tried; set by wrap/retry, absent for once */
  readonly tries?: number
}

/** What an object store keeps with the bytes. */
export interface Extras {
  /** by names in lower case: `content-type`, `cache-control`, `x-amz-meta-*`, `x-amz-storage-class` */
  readonly headers?: Readonly<Record<string, string>>
  readonly tags?: Readonly<Record<string, string>>
}

/** The answer about one key: its entry, undefined when it is absent, an error when the store would not tell. */
export type Looked = Entry | undefined | RekeyError

/** The digest of one key's content, undefined when it is absent. Equal digests mean equal content, type included. */
export type Digested = string | undefined | RekeyError

/** What a store keeps of a key's whole content beside it: hexadecimal, by algorithm. Empty where it keeps none, or would not tell. */
export type Checksums = Readonly<Record<string, string>>

/** A checksum that an object store keeps of content. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'sha1' | 'crc64nvme' | 'crc32c' | 'crc32'
  /** base64 of its bytes, the highest first; with `-` and the number of parts where it is one of parts */
  readonly value: string
  /** of the whole content, however it was written; otherwise of the parts' checksums */
  readonly isWhole: boolean
}

/**
 * A key's content on its way from one store to another. `form` says how to read the bytes: `plain` content, or a
 * `redis-dump` that only a Redis server can take in.
 */
export interface Content extends Extras {
  readonly form: 'plain' | 'redis-dump'
  /** the bytes from their beginning, each time it is called, so that a write can be tried again */
  body(): AsyncIterable<Uint8Array>
  readonly sizeBytes?: number
  /** the strongest that its store keeps of it */
  readonly checksum?: Checksum
  readonly type?: string
  readonly mtimeMs?: number
  readonly mode?: number
  /** whose file it is; only another file has one */
  readonly owner?: { readonly uid: number; readonly gid: number }
  readonly expiresMs?: number
}

/** Content to be written under a key. */
export interface Item {
  readonly key: Key
  readonly content: Content
  readonly expect?: Evidence
}

/** What a store keeps with a key beside its content. A copy that loses one of them says so. */
export type Aspect = 'type' | 'expiry' | 'mtime' | 'mode' | 'headers' | 'tags'

export interface Traits {
  /** the listing is in the order of the keys' bytes */
  readonly ordered: boolean
  /** the listing gives no key twice */
  readonly unique: boolean
  /** keys a call is given at once */
  readonly batch: number
  /** whether a call for a whole batch costs about as much as one for a few keys */
  readonly gathers?: boolean
  /** calls that are worth having in flight at once */
  readonly concurrency: number
  readonly holds: readonly Aspect[]
  /** the guards that `copy` and `write` obey */
  readonly guards: readonly Guard[]
  /** a write under the guard `any` is much cheaper than one under another: overwriting takes it for free keys too */
  readonly overwritesInBatches?: boolean
  /** two entries of such stores that have the same etag have the same content */
  readonly etags?: boolean
  /** it may keep versions of a key, and lists them */
  readonly versions?: boolean
  /** the attributes that a key is made of, in their order; for stores of items */
  readonly keyNames?: readonly string[]
  /** it lists one partition, or by an index */
  readonly partitions?: boolean
  /** stores that say the same are within reach of one transaction: `remove` sees to the witnesses of its targets itself */
  readonly transactions?: string
  /** its use is measured in capacity units, and can be held to a number of them a second */
  readonly capacity?: boolean
}

/** What a run asks of every store that it opens. */
export interface StoreSettings {
  /** how often a call that may succeed later is made again */
  readonly retries: number
  /** keys a second over all calls of a store; absent for no limit */
  readonly ratePerSecond?: number
  /** capacity units a second, of a store that measures its use in them; absent for no limit */
  readonly readUnitsPerSecond?: number
  readonly writeUnitsPerSecond?: number
  /** calls that a store may have in flight, or keys of a tool that works on keys; absent for what suits the store */
  readonly concurrency?: number
  /** how long a call may go unanswered */
  readonly timeoutMs: number
  /** hash fields that hold a time: the latest of them is a Redis hash's `mtime` */
  readonly mtimeFields: readonly string[]
  readonly aws?: AwsSettings
}

/** What the flags say about a service of the AWS kind; what they do not say comes from the environment and profiles. */
export interface AwsSettings {
  readonly endpoint?: string
  readonly profile?: string
  readonly region?: string
  /** the requester pays for requests and transfer */
  readonly requesterPays?: boolean
  /** access control lists are copied too */
  readonly acl?: boolean
}

/** A key that `remove` has hidden behind a delete marker. */
export interface Hidden {
  readonly key: Key
  readonly marker: string
}

export const STORE_DEFAULTS: StoreSettings = { retries: 3, timeoutMs: 30_000, mtimeFields: [] }

/** What a key asks of a store, for a forecast. */
export type StoreWork = 'look' | 'copy' | 'read' | 'write' | 'remove' | 'remove-witnessed'

/** A table that is to be made: its keys, all of them text, and one index that holds whole items. */
export interface TableShape {
  readonly partition: string
  readonly sort: string
  readonly index: { readonly name: string; readonly partition: string; readonly sort: string }
}

export interface Store {
  /** without credentials */
  readonly location: string
  readonly traits: Traits
  list(range: Range, signal: AbortSignal): AsyncIterable<readonly Entry[]>
  stat(keys: readonly Key[], signal: AbortSignal): Promise<readonly Looked[]>
  /** inside the store */
  copy?(pairs: readonly Pair[], guard: Guard, signal: AbortSignal): Promise<readonly Outcome[]>
  /** where access control lists go along: those of copies inside the store that were made, and not told of. Never throws */
  copyAcls?(pairs: readonly Pair[], signal: AbortSignal): Promise<readonly Outcome[]>
  read?(key: Key, signal: AbortSignal): Promise<Content | undefined>
  write?(item: Item, guard: Guard, signal: AbortSignal): Promise<Outcome>
  /** removes what is still as expected; a key that is gone is `skipped`/`gone`, one that differs fails with E_CHANGED */
  remove?(targets: readonly Target[], signal: AbortSignal): Promise<readonly Outcome[]>
  /** takes back removals, by taking away just these delete markers; one that is not there is `skipped`/`gone` */
  restore?(hidden: readonly Hidden[], signal: AbortSignal): Promise<readonly Outcome[]>
  /** `closely`: each key is looked at by itself, of a store whose look at many may take an etag for a digest that is none */
  digest?(keys: readonly Key[], signal: AbortSignal, closely?: boolean): Promise<readonly Digested[]>
  /** for contents whose digests cannot be compared. Never throws. */
  checksums?(keys: readonly Key[], signal: AbortSignal): Promise<readonly Checksums[]>
  /**
   * The digests of those pairs that are seen at one look to be two keys, both there, alike in content and in all that
   * the store holds. Undefined says nothing about a pair: it is to be looked at with `stat` and `digest`. Never throws.
   */
  alike?(pairs: readonly Pair[], signal: AbortSignal): Promise<readonly (string | undefined)[]>
  /** whether each pair's destination holds all that its source holds; for `merge` */
  includes?(pairs: readonly Pair[], signal: AbortSignal): Promise<readonly (boolean | RekeyError)[]>
  /** writes in parts that were left unfinished */
  readonly uploads?: Uploads
  /** requests by name that one key takes; a part of one where many keys share it */
  requests?(work: StoreWork, sizeBytes: number): Readonly<Record<string, number>>
  /**
   * Whether what is stored under a key is what `write` would make of this content, though the bytes that `read` gives may be
   * others: a store that keeps no bytes. Throws what `read` throws, and E_TYPE for content that it would not take.
   */
  matches?(key: Key, content: Content, signal: AbortSignal): Promise<boolean>
  /** what it has used so far of what is paid for, by unit */
  used?(): Readonly<Record<string, number>>
  /** a few words on how it is doing, for the progress line: `32 in flight` */
  state?(): string | undefined
  close(): Promise<void>
}
