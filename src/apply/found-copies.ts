/**
 * Copies that were found made, and of which nobody has told: no answer came, or the run was killed. What a copy says of
 * what it leaves behind is found out anew from the source, for the record is where that is kept.
 */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import { keyText } from '../record/key.ts'
import type { Outcome, Store } from '../store/contract.ts'
import { unheld, withLost } from '../store/unheld.ts'
import { extrasOf, withLostExtras } from './transfer.ts'
import type { Job, Work } from './work.ts'

/** The outcomes of works whose destinations hold the content. Unknown where the source would not tell. Never throws. */
export async function foundCopies(
  { source, dest }: Job,
  works: readonly Work[],
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  if (works[0]?.put) return works.map(() => DONE)
  if (source !== dest || dest.copy === undefined)
    return await Promise.all(works.map((work) => foundCopy(source, dest, work, signal)))
  const pairs = works.map((work) => work.pair)
  return (await dest.copyAcls?.(pairs, signal)) ?? works.map(() => DONE)
}

const DONE: Extract<Outcome, { outcome: 'done' }> = { outcome: 'done' }

async function foundCopy(source: Store, dest: Store, { line, pair }: Work, signal: AbortSignal): Promise<Outcome> {
  try {
    const content = await source.read?.(pair.from, signal)
    if (content === undefined) return DONE
    const lost = [...unheld(content, dest.traits.holds), ...(dest.copyAcls === undefined ? [] : ['acl'])]
    return withLostExtras(withLost(DONE, lost), extrasOf(line, content), dest)
  } catch (thrown) {
    const { message } = toRekeyError(thrown)
    const what = `${keyText(pair.to)} was written, and what ${keyText(pair.from)} has beside its content could not be read`
    return { outcome: 'unknown', error: new RekeyError('E_UNANSWERED', `${what}: ${message}; --retry looks again`) }
  }
}
