/** Whether an item is still what a record says it was. Decides; does not look. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence } from '../contract.ts'
import type { Item } from './attribute-value.ts'
import { mtimeOf } from './entry.ts'
import type { Table } from './table.ts'

export type Verdict = 'same' | 'changed' | 'unproven'

/**
 * | etag | digest of our kind | time | verdict |
 * |---|---|---|---|
 * | differs | any | any | changed |
 * | equal | any | any | same: it stands for all attributes but the key |
 * | absent | differs | any | changed |
 * | absent | equal | any | same |
 * | absent | absent, other kind | differs | changed |
 * | absent | absent, other kind | equal | same |
 * | absent | absent, other kind | absent, or no --mtime-field names it | unproven |
 */
export function weigh(table: Table, expect: Evidence, now: Item): Verdict {
  const etag = expect.etag ?? verifiedEtag(expect.digest)
  if (etag !== undefined) return etag === table.digests.etag(now) ? 'same' : 'changed'
  if (expect.digest?.startsWith(table.digests.prefix) === true)
    return expect.digest === table.digests.of(now) ? 'same' : 'changed'
  const mtimeMs = mtimeOf(now, table.mtimeFields)
  if (expect.mtimeMs === undefined || mtimeMs === undefined) return 'unproven'
  return expect.mtimeMs === mtimeMs ? 'same' : 'changed'
}

/** verify, where equal etags were its proof, says so as a digest. */
function verifiedEtag(digest: string | undefined): string | undefined {
  return digest?.startsWith(VERIFIED) === true ? digest.slice(VERIFIED.length) : undefined
}

const VERIFIED = 'etag:'

export function notAsExpected(key: Key, verdict: 'changed' | 'unproven'): RekeyError {
  if (verdict === 'changed') {
    return new RekeyError('E_CHANGED', `key ${keyText(key)}: the item is no longer what the record says`)
  }
  const why =
    'the record has neither etag nor digest to recognise the item by; list it with --values, or verify it again'
  return new RekeyError('E_UNPROVEN', `key ${keyText(key)}: ${why}`)
}
