/** A table as a store: each call is handed to the part that does it. */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Content, Digested, Looked, Outcome, Pair, Store, StoreSettings, Traits } from '../contract.ts'
import type { Put } from './batch-put.ts'
import { putAll } from './batch-put.ts'
import { copyItems } from './copy-items.ts'
import { wholeEntry } from './entry.ts'
import { expectedUnits } from './expected-units.ts'
import { Gather } from './gather.ts'
import type { Found } from './get-items.ts'
import { getItems, isItem } from './get-items.ts'
import { contentOf, itemIn } from './item-json.ts'
import { keyNames } from './key-schema.ts'
import { listItems } from './list-items.ts'
import { removeItems } from './remove-items.ts'
import type { Table } from './table.ts'
import { writeItem } from './write-item.ts'

/** Requests in flight are the gate's to count. */
const TRAITS: Traits = {
  ordered: false,
  unique: true,
  batch: 100,
  gathers: true,
  concurrency: 4,
  holds: [],
  guards: ['absent', 'match', 'any'],
  overwritesInBatches: true,
  etags: true,
  partitions: true,
  transactions: 'dynamodb',
  capacity: true,
}

export function dynamoDbStore(table: Table, { concurrency }: Pick<StoreSettings, 'concurrency'>): Store {
  const reads = new Gather<Pair['from'], Found>(100, (keys, signal) => getItems(table, keys, signal))
  const puts = new Gather<Put, Outcome>(25, (some, signal) => putAll(table, some, signal))
  return {
    location: table.location,
    traits: { ...TRAITS, keyNames: keyNames(table.description.schema) },
    list: (range, signal) => listItems(table, range, concurrency, signal),
    stat: async (keys, signal) => (await getItems(table, keys, signal)).map((found) => lookedOf(table, found)),
    copy: (pairs, guard, signal) => copyItems(table, pairs, guard, signal),
    read: async (key, signal) => readOf(await reads.add(key, signal)),
    write: (item, guard, signal) => writeItem(table, puts, item, guard, signal),
    remove: (targets, signal) => removeItems(table, targets, signal),
    digest: async (keys, signal) => (await getItems(table, keys, signal)).map((found) => digestedOf(table, found)),
    alike: (pairs, signal) => alike(table, pairs, signal),
    matches: async (key, content, signal) => {
      const [found, item] = await Promise.all([reads.add(key, signal), itemIn(key, content)])
      if (found instanceof RekeyError) throw found
      return found !== undefined && table.digests.of(found) === table.digests.of(item)
    },
    requests: (work, sizeBytes) => expectedUnits(work, sizeBytes || (table.description.averageItemBytes ?? 0)),
    state: () => stateOf(table),
    used: () => ({ RCU: table.read.used, WCU: table.written.used }),
    close: async () => table.close(),
  }
}

/** One item is one object, however its table is spelled in a location. */
function lookedOf(table: Table, found: Found): Looked {
  if (!isItem(found)) return found
  const entry = wholeEntry(table, found)
  return { object: `${table.location} ${keyText(entry.key)}`, ...entry }
}

function digestedOf(table: Table, found: Found): Digested {
  return isItem(found) ? table.digests.of(found) : found
}

function readOf(found: Found): Content | undefined {
  if (found instanceof RekeyError) throw found
  return found === undefined ? undefined : contentOf(found)
}

/** Both sides of all pairs at one look, each item once. */
async function alike(
  table: Table,
  pairs: readonly Pair[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  const found = await getItems(
    table,
    pairs.flatMap(({ from, to }) => [from, to]),
    signal,
  )
  return pairs.map(({ from, to }, at) => {
    const here = digestedOf(table, found[2 * at])
    const there = digestedOf(table, found[2 * at + 1])
    return typeof here === 'string' && here === there && from !== to ? here : undefined
  })
}

function stateOf({ gate, read, written }: Table): string {
  const units = (used: number, name: string, perSecond: number | undefined) =>
    used === 0
      ? []
      : [`${Math.round(used * 10) / 10} ${name}${perSecond === undefined ? '' : ` of ${perSecond.toFixed(0)}/s`}`]
  return [
    `${gate.inFlight} in flight`,
    ...units(read.used, 'RCU', read.perSecond),
    ...units(written.used, 'WCU', written.perSecond),
  ].join(' ')
}
