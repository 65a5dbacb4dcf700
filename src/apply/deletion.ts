/** What a record lets delete-apply remove. Pure. A removal needs a proof, and something to recognise the key by. */
import type { Key } from '../record/key.ts'
import { sameKey } from '../record/key.ts'
import type { KeyRecord, Reason } from '../record/record.ts'
import { recordKey, recordTo } from '../record/record.ts'
import type { Entry, Evidence, Witness } from '../store/contract.ts'

export type Side = 'source' | 'dest'

export type Deletion =
  /** an earlier tool or run has dealt with it: it passes through */
  | { readonly kind: 'settled' }
  | { readonly kind: 'skip'; readonly reason: Reason }
  | {
      readonly kind: 'remove'
      readonly side: Side
      readonly store: string
      readonly key: Key
      /** the key that must be there for this one to go: the copy of a source, the original of a copy */
      readonly witness?: Witness
      /** the time is the source's, also for the destination: a store that does not keep it must not be held to it */
      readonly expect: Evidence
    }

/**
 * | record                                     | --side source | --side dest  |
 * |--------------------------------------------|---------------|--------------|
 * | deleted before, failed, no new key         | settled       | settled      |
 * | verified, done, destination was absent     | remove        | remove       |
 * | verified, done, replaced or merged         | remove        | not-created  |
 * | verified, destination was there before     | remove        | not-created  |
 * | verified, unknown                          | remove        | not-created  |
 * | done or unknown, or there before; not verified | not-verified | not-verified |
 * | skipped for another reason                 | settled       | settled      |
 */
export function deletionOf(record: KeyRecord, side: Side): Deletion {
  const { outcome, reason, store } = record
  const from = recordKey(record)
  const to = recordTo(record) ?? (record.op === 'put' ? from : undefined)
  if (record.deleted !== undefined || from === undefined || to === undefined || store === undefined) return SETTLED
  if (outcome === 'failed' || (outcome === 'skipped' && reason !== 'exists' && reason !== 'not-newer')) return SETTLED
  if (record.verified !== true) return reason === 'gone' ? SETTLED : { kind: 'skip', reason: 'not-verified' }
  const dest = record.toStore ?? store
  // A value that was put has no source that it could be one with.
  if (record.op !== 'put' && dest === store && sameKey(from, to)) return { kind: 'skip', reason: 'same-key' }
  if (side === 'dest') {
    if (outcome !== 'done' || reason !== undefined) return { kind: 'skip', reason: 'not-created' }
    return {
      kind: 'remove',
      side,
      store: dest,
      key: to,
      ...(record.op === 'put' ? {} : { witness: { store, key: from, expect: {} } }),
      expect: toEvidenceOf(record),
    }
  }
  if (record.op === 'put') return SETTLED
  return {
    kind: 'remove',
    side,
    store,
    key: from,
    witness: { store: dest, key: to, expect: contentOf(record.toEtag, record.toDigest ?? record.digest) },
    expect: evidenceOf(record, record.etag, record.digest),
  }
}

export type Removal = Deletion & { readonly kind: 'remove' }

/** Whether a copy that a look has found is seen to be another than the one that was proven. An original may have changed. */
export function hasChanged({ side, expect, witness }: Removal, { sizeBytes, etag }: Entry): boolean {
  if (side === 'dest') return false
  if (sizeBytes !== undefined && sizeBytes !== (expect.sizeBytes ?? sizeBytes)) return true
  return etag !== undefined && etag !== (etagIn(witness?.expect.digest) ?? etag)
}

/** Whether a look that has found no change tells that there is none: by the etag, or by size and time. Else a digest does. */
export function isRecognised({ expect, witness }: Removal, { sizeBytes, mtimeMs, etag }: Entry): boolean {
  if (etag !== undefined && etagIn(witness?.expect.digest) !== undefined) return true
  const isKnown = sizeBytes !== undefined && mtimeMs !== undefined
  return isKnown && sizeBytes === expect.sizeBytes && mtimeMs === expect.mtimeMs
}

/**
 * Digests that a store of objects makes out of an etag: of equal etags, of the MD5 of the content, of an upload in parts; and
 * the digest of an item, which begins with its etag.
 */
function etagIn(digest = ''): string | undefined {
  return /^(?:(?:etag:|md5:|etag-)([^:]+)|dynamodb-[^:]+:(.{32}))/.exec(digest)?.slice(1).join('')
}

const SETTLED: Deletion = { kind: 'settled' }

function evidenceOf({ size, mtime }: KeyRecord, etag: string | undefined, digest: string | undefined): Evidence {
  const evidence: { -readonly [name in keyof Evidence]: Evidence[name] } = {}
  if (size !== undefined) evidence.sizeBytes = size
  if (mtime !== undefined) evidence.mtimeMs = Date.parse(mtime)
  return Object.assign(evidence, contentOf(etag, digest))
}

/** Size and time are the source's: a copy keeps them, where nothing else is said, and a value that was put does not. */
function toEvidenceOf(record: KeyRecord): Evidence {
  const digest = record.toDigest ?? record.digest
  if (record.op === 'put') return contentOf(record.toEtag, digest)
  const { mtime, ...timeless } = record
  const hasLostTime = Array.isArray(record.lost) && record.lost.includes('mtime')
  return evidenceOf(hasLostTime ? timeless : record, record.toEtag, digest)
}

function contentOf(etag: string | undefined, digest: string | undefined): Evidence {
  // As text, whatever a record that another program has written has there: no key has such a digest, so it stays.
  return { ...(etag === undefined ? {} : { etag }), ...(digest === undefined ? {} : { digest: String(digest) }) }
}
