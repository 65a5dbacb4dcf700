/** One compare-and-swap, of which it is known afterwards whether it was carried out. */
import { toRekeyError } from '../../record/errors.ts'
import type { LeaseRecord, LeaseSpace } from './contract.ts'
import { isSameWriting } from './record.ts'

/**
 * Creates or replaces; gives the version, undefined when something else is there. Where no answer came, what is there now
 * is held against what was written.
 */
export async function write(
  space: LeaseSpace,
  name: string,
  version: string | undefined,
  record: LeaseRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    if (version === undefined) return await space.create(name, record, signal)
    return await space.replace(name, version, record, signal)
  } catch (thrown) {
    if (toRekeyError(thrown).code !== 'E_UNANSWERED') throw thrown
    const found = await space.read(name, signal)
    return found !== undefined && isSameWriting(found.record, record) ? found.version : undefined
  }
}
