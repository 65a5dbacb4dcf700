/** Whether a file is still what a record says it was. Decides; does not look. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence } from '../contract.ts'

/** `digest`: only the content can tell. `unproven`: the record holds nothing by which it could be recognised. */
export type Verdict = 'same' | 'changed' | 'digest' | 'unproven'

/**
 * | size | time | digest given | verdict |
 * |---|---|---|---|
 * | differs | any | any | changed |
 * | any | differs | any | changed |
 * | any | equal | any | same |
 * | any | unknown | yes | digest |
 * | any | unknown | no | unproven: a size alone recognises nothing |
 *
 * Times are compared as records hold them, in whole milliseconds.
 */
export function weigh(expect: Evidence, sizeBytes: number, mtimeMs: number): Verdict {
  if (expect.sizeBytes !== undefined && expect.sizeBytes !== sizeBytes) return 'changed'
  if (expect.mtimeMs !== undefined) return Math.floor(expect.mtimeMs) === Math.floor(mtimeMs) ? 'same' : 'changed'
  return expect.digest?.startsWith('sha256:') ? 'digest' : 'unproven'
}

/** What `changed` and `unproven` are as errors. `now` is what stands there, undefined for nothing. */
export function notAsExpected(
  key: Key,
  verdict: 'changed' | 'unproven',
  now: { readonly size: number; readonly mtimeMs: number } | undefined,
): RekeyError {
  if (verdict === 'unproven') {
    const why = 'the record has neither mtime nor digest to recognise it by; list or verify it again'
    return new RekeyError('E_UNPROVEN', `key ${keyText(key)}: ${why}`)
  }
  const found = now === undefined ? 'it is no longer there' : `now ${now.size} bytes of ${isoTime(now.mtimeMs)}`
  return new RekeyError('E_CHANGED', `key ${keyText(key)}: no longer what the record says; ${found}`)
}

/** Some file systems hold times that a Date does not. */
function isoTime(ms: number): string {
  const time = new Date(Math.floor(ms))
  return Number.isNaN(time.getTime()) ? `${Math.floor(ms)} ms since 1970` : time.toISOString()
}
