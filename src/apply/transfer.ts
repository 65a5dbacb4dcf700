/** Writes to a store: a copy inside it, a copy between two stores by reading and writing, or a record's own value. */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import type { Content, Guard, Item, Outcome, Pair, Store } from '../store/contract.ts'
import { valueContent } from '../store/value-content.ts'

/** One outcome per pair. A throw inside the store's copy leaves every pair unknown: it may have been written. */
export async function copyPairs(
  source: Store,
  dest: Store,
  pairs: readonly Pair[],
  guard: Guard,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  if (source !== dest || dest.copy === undefined) {
    return Promise.all(pairs.map((pair) => carry(source, dest, pair, guard, signal)))
  }
  try {
    return await dest.copy(pairs, guard, signal)
  } catch (thrown) {
    const error = new RekeyError('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return pairs.map(() => ({ outcome: 'unknown', error }))
  }
}

/** The record's `value` or `value64`, exactly as it stands in the line, under the key `to`. */
export async function putValue(
  dest: Store,
  line: Line,
  pair: Pair,
  guard: Guard,
  signal: AbortSignal,
): Promise<Outcome> {
  return await writeItem(dest, itemOf(pair, valueContent(line)), guard, signal)
}

/** Reads from one store and writes to the other. */
async function carry(source: Store, dest: Store, pair: Pair, guard: Guard, signal: AbortSignal): Promise<Outcome> {
  let content: Content | undefined
  try {
    if (source.read === undefined) throw unsupported(source, 'read')
    content = await source.read(pair.from, signal)
  } catch (thrown) {
    return { outcome: 'failed', error: toRekeyError(thrown) }
  }
  if (content === undefined) return { outcome: 'skipped', reason: 'gone' }
  return await writeItem(dest, itemOf(pair, content), guard, signal)
}

async function writeItem(dest: Store, item: Item, guard: Guard, signal: AbortSignal): Promise<Outcome> {
  if (dest.write === undefined) return { outcome: 'failed', error: unsupported(dest, 'written') }
  try {
    return await dest.write(item, guard, signal)
  } catch (thrown) {
    const error = new RekeyError('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return { outcome: 'unknown', error }
  }
}

function itemOf(pair: Pair, content: Content): Item {
  return { key: pair.to, content, ...(pair.expect === undefined ? {} : { expect: pair.expect }) }
}

function unsupported(store: Store, verb: string): RekeyError {
  return new RekeyError('E_UNSUPPORTED', `${store.location} cannot be ${verb}`)
}
