/** Whether two stores can do what is asked of them at all: found out before the first write. */
import { RekeyError } from '../record/errors.ts'
import type { Guard, Store } from '../store/contract.ts'
import type { IfExists } from './if-exists.ts'

/** The strongest thing that each policy may ask of a destination. */
const GUARD_OF: Readonly<Record<IfExists, Guard>> = {
  skip: 'absent',
  fail: 'absent',
  newest: 'match',
  overwrite: 'any',
  merge: 'merge',
}

/** Throws E_UNSUPPORTED when the destination cannot be written so, or the source cannot be read. */
export function requireCopy(source: Store, dest: Store, ifExists: IfExists): void {
  if (!dest.traits.guards.includes(GUARD_OF[ifExists])) {
    throw new RekeyError('E_UNSUPPORTED', `--if-exists ${ifExists}: ${dest.location} cannot do that`)
  }
  if (source === dest && dest.copy !== undefined) return
  if (source.read === undefined) throw new RekeyError('E_UNSUPPORTED', `${source.location} cannot be read`)
  requireWrite(dest)
}

/** Throws E_UNSUPPORTED when nothing can be written there. */
export function requireWrite(dest: Store): void {
  if (dest.write === undefined) throw new RekeyError('E_UNSUPPORTED', `${dest.location} cannot be written`)
}
