/** In what two entries of one content differ. Pure. */
import type { Aspect, Entry, Traits } from '../store/contract.ts'

/** What can differ between source and destination. docs/records.md explains each. */
export type Difference =
  | 'missing'
  | 'source-missing'
  | 'same-object'
  | 'size'
  | 'content'
  | 'proof'
  | 'source-changed'
  | Aspect

/**
 * Redis before 7.0 tells the time that is left, not the time of expiry: the two looks at it may round one
 * millisecond each.
 */
const EXPIRY_TOLERANCE_MS = 2

export interface Circumstances {
  readonly source: Pick<Traits, 'holds'>
  readonly dest: Pick<Traits, 'holds'>
  /** what the copy has said it could not keep */
  readonly lost: readonly string[]
  /** the destination was there before and has taken up what it lacked: its own size and expiry stand */
  readonly merged: boolean
}

/** Everything but the content. Nothing when the entries agree in all that both stores hold. */
export function differences(here: Entry, there: Entry, circumstances: Circumstances): readonly Difference[] {
  const { source, dest, lost, merged } = circumstances
  const both = (aspect: Aspect) => source.holds.includes(aspect) && dest.holds.includes(aspect)
  // By the names of the record's fields: of an expiry the stores say that `expires` is lost.
  const matters = (field: 'expires' | 'mtime' | 'mode') => !lost.includes(field)
  const found: Difference[] = []
  if (here.object !== undefined && here.object === there.object) found.push('same-object')
  if (both('type') && here.type !== there.type) found.push('type')
  if (!merged && differ(here.sizeBytes, there.sizeBytes)) found.push('size')
  if (!merged && matters('expires') && expiryDiffers(here, there)) found.push('expiry')
  if (both('mtime') && matters('mtime') && differ(here.mtimeMs, there.mtimeMs)) found.push('mtime')
  if (both('mode') && matters('mode') && differ(here.mode, there.mode)) found.push('mode')
  return found
}

/** A store that cannot hold an expiry has none: that differs from one that has. */
function expiryDiffers(here: Entry, there: Entry): boolean {
  if (here.expiresMs === undefined || there.expiresMs === undefined) return here.expiresMs !== there.expiresMs
  return Math.abs(here.expiresMs - there.expiresMs) > EXPIRY_TOLERANCE_MS
}

function differ(here: number | undefined, there: number | undefined): boolean {
  return here !== undefined && there !== undefined && here !== there
}
