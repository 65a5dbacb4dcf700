/** Writes to a store: a copy inside it, a copy between two stores by reading and writing, or a record's own value. */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import type { Content, Extras, Guard, Item, Outcome, Pair, Store } from '../store/contract.ts'
import { valueContent } from '../store/value-content.ts'

/** What is to be written, and the record that asks for it. */
export interface Carriage {
  readonly line: Line
  readonly pair: Pair
}

/** One outcome per carriage. A throw inside the store's copy leaves every pair unknown: it may have been written. */
export async function copyPairs(
  source: Store,
  dest: Store,
  carriages: readonly Carriage[],
  guard: Guard,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  if (source !== dest || dest.copy === undefined) {
    return Promise.all(carriages.map((carriage) => carry(source, dest, carriage, guard, signal)))
  }
  const pairs = carriages.map(({ pair }) => pair)
  try {
    return await dest.copy(pairs, guard, signal)
  } catch (thrown) {
    const error = new RekeyError('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return pairs.map(() => ({ outcome: 'unknown', error }))
  }
}

/** The record's `value` or `value64`, exactly as it stands in the line, under the key `to`. */
export async function putValue(dest: Store, carriage: Carriage, guard: Guard, signal: AbortSignal): Promise<Outcome> {
  return await writeContent(dest, carriage, valueContent(carriage.line), guard, signal)
}

/** Reads from one store and writes to the other. */
async function carry(
  source: Store,
  dest: Store,
  carriage: Carriage,
  guard: Guard,
  signal: AbortSignal,
): Promise<Outcome> {
  let content: Content | undefined
  try {
    if (source.read === undefined) throw unsupported(source, 'read')
    content = await source.read(carriage.pair.from, signal)
  } catch (thrown) {
    return { outcome: 'failed', error: toRekeyError(thrown) }
  }
  if (content === undefined) return { outcome: 'skipped', reason: 'gone' }
  return await writeContent(dest, carriage, content, guard, signal)
}

async function writeContent(
  dest: Store,
  { line, pair }: Carriage,
  content: Content,
  guard: Guard,
  signal: AbortSignal,
): Promise<Outcome> {
  if (dest.write === undefined) return { outcome: 'failed', error: unsupported(dest, 'written') }
  const extras = extrasOf(line, content)
  const item: Item = {
    key: pair.to,
    content: { ...content, ...extras },
    ...(pair.expect === undefined ? {} : { expect: pair.expect }),
  }
  try {
    return withLostExtras(await dest.write(item, guard, signal), extras, dest)
  } catch (thrown) {
    const error = new RekeyError('E_UNANSWERED', toRekeyError(thrown).message, { cause: thrown })
    return { outcome: 'unknown', error }
  }
}

/** Headers and tags of the record go before those of the content: a backup has kept them there. */
export function extrasOf({ record }: Line, content: Content): Extras {
  const headers = record.headers ?? content.headers
  const tags = record.tags ?? content.tags
  return { ...(headers === undefined ? {} : { headers }), ...(tags === undefined ? {} : { tags }) }
}

/** What the destination cannot hold is said in `lost`, and kept in the record, so that a way back can restore it. */
export function withLostExtras(outcome: Outcome, { headers, tags }: Extras, { traits }: Store): Outcome {
  if (outcome.outcome !== 'done') return outcome
  const lost = {
    ...(headers === undefined || traits.holds.includes('headers') ? {} : { headers }),
    ...(tags === undefined || traits.holds.includes('tags') ? {} : { tags }),
  }
  const names = Object.keys(lost)
  return names.length === 0 ? outcome : { ...outcome, ...lost, lost: [...(outcome.lost ?? []), ...names] }
}

function unsupported(store: Store, verb: string): RekeyError {
  return new RekeyError('E_UNSUPPORTED', `${store.location} cannot be ${verb}`)
}
