/** What may be done about a destination, by --if-exists and what a look at both sides has shown. Pure. */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { Entry, Evidence, Guard, Looked, Outcome, Traits } from '../store/contract.ts'

export const IF_EXISTS = ['skip', 'fail', 'newest', 'overwrite', 'merge'] as const
export type IfExists = (typeof IF_EXISTS)[number]

/** A write under a guard, or the outcome that stands without one. */
export type Decision = { readonly guard: Guard; readonly expect?: Evidence } | Outcome

/**
 * | destination   | skip   | fail     | newest                                        | overwrite | merge  |
 * |---------------|--------|----------|-----------------------------------------------|-----------|--------|
 * | absent        | absent | absent   | absent                                        | absent *  | absent |
 * | is there      | exists | E_EXISTS | source newer: match; else not-newer           | any       | merge  |
 * | is there, and a time is missing |   |  | E_FIELD                                   |           |        |
 * | will not tell | its error in every column                                                            |
 *
 * `*` so that what turns up after the look is called replaced; `any` to a store that overwrites in batches.
 */
export function decideWrite(
  ifExists: IfExists,
  to: Key,
  source: Looked,
  dest: Looked,
  { overwritesInBatches = false }: Pick<Traits, 'overwritesInBatches'> = {},
): Decision {
  if (dest instanceof RekeyError) return { outcome: 'failed', error: dest }
  if (dest === undefined) return { guard: ifExists === 'overwrite' && overwritesInBatches ? 'any' : 'absent' }
  if (ifExists === 'skip') return { outcome: 'skipped', reason: 'exists' }
  if (ifExists === 'overwrite') return { guard: 'any' }
  if (ifExists === 'merge') return { guard: 'merge' }
  if (ifExists === 'newest') return decideNewest(to, source, dest)
  return {
    outcome: 'failed',
    error: new RekeyError('E_EXISTS', `${keyText(to)} exists; --if-exists says what to do then`),
  }
}

function decideNewest(to: Key, source: Looked, dest: Entry): Decision {
  if (source instanceof RekeyError) return { outcome: 'failed', error: source }
  if (source === undefined) return { outcome: 'skipped', reason: 'gone' }
  if (source.mtimeMs === undefined || dest.mtimeMs === undefined) {
    const message = `${keyText(to)} exists, and which is newer cannot be told: a time is missing (--mtime-field names a hash's)`
    return { outcome: 'failed', error: new RekeyError('E_FIELD', message) }
  }
  if (source.mtimeMs <= dest.mtimeMs) return { outcome: 'skipped', reason: 'not-newer' }
  return { guard: 'match', expect: evidenceOf(dest) }
}

/** What an entry tells by which its key can be recognised later. */
export function evidenceOf({ sizeBytes, mtimeMs, etag }: Entry): Evidence {
  return {
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(mtimeMs === undefined ? {} : { mtimeMs }),
    ...(etag === undefined ? {} : { etag }),
  }
}
