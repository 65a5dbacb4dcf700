/** Whether an object is still what a record says it was. Decides; does not look. */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence } from '../contract.ts'
import type { Encryption } from './encryption.ts'
import type { StoredObject } from './stored-object.ts'
import { wholeSeconds } from './stored-object.ts'

export type Verdict = 'same' | 'changed' | 'unproven'

/**
 * | size | etag | digest of our kind | time | verdict |
 * |---|---|---|---|---|
 * | differs | any | any | any | changed |
 * | | differs | any | any | changed |
 * | | equal | any | any | same: equal etags are equal contents, whenever they were written |
 * | | absent | differs | any | changed |
 * | | absent | equal | any | same |
 * | | absent | absent, other kind | differs | changed |
 * | | absent | absent, other kind | equal | same |
 * | | absent | absent, other kind | absent | unproven: a size alone recognises nothing |
 */
export function weigh(expect: Evidence, now: StoredObject, encryption: Pick<Encryption, 'digestOf'>): Verdict {
  if (expect.sizeBytes !== undefined && expect.sizeBytes !== now.sizeBytes) return 'changed'
  const etag = expect.etag ?? verifiedEtag(expect.digest)
  if (etag !== undefined) return etag === now.etag ? 'same' : 'changed'
  if (expect.digest !== undefined) {
    const digest = encryption.digestOf(now)
    if (kindOf(expect.digest) === kindOf(digest)) return expect.digest === digest ? 'same' : 'changed'
  }
  if (expect.mtimeMs === undefined) return 'unproven'
  return wholeSeconds(expect.mtimeMs) === now.mtimeMs ? 'same' : 'changed'
}

/** verify, where equal etags were its proof, says so as a digest. */
function verifiedEtag(digest: string | undefined): string | undefined {
  return digest?.startsWith(VERIFIED) ? digest.slice(VERIFIED.length) : undefined
}

const VERIFIED = 'etag:'

function kindOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'))
}

export function notAsExpected(key: string, verdict: 'changed' | 'unproven', now?: StoredObject): RekeyError {
  if (verdict === 'unproven') {
    const why = 'the record has neither etag, mtime nor digest to recognise it by; list or verify it again'
    return new RekeyError('E_UNPROVEN', `key ${keyText(key)}: ${why}`)
  }
  const found =
    now === undefined
      ? 'it is not what it was'
      : `now ${now.sizeBytes} bytes of ${isoTime(now.mtimeMs)}, etag ${now.etag}`
  return new RekeyError('E_CHANGED', `key ${keyText(key)}: no longer what the record says; ${found}`)
}

/** Who throws here would take the outcomes of a whole batch along. */
function isoTime(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? 'a time that the server does not tell' : time.toISOString()
}
