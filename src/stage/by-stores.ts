/**
 * The work of a stage that deals with records in the stores they name: what passes through goes on, the rest is
 * grouped by its stores and worked on in batches, several at once.
 * Holds the batches in flight.
 */
import { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import { setFields, settleFailed } from '../record/line.ts'
import { withoutCredentials } from '../store/location.ts'
import { gather } from './gather.ts'
import { KeyLimit } from './key-limit.ts'
import { parallel } from './parallel.ts'
import { witnessProblem } from './part-witness.ts'
import type { Context } from './stage.ts'
import type { Placement, StoreGroup } from './store-groups.ts'
import { StoreGroups } from './store-groups.ts'

export interface WorkByStores<Item> {
  /** keys in flight at once; undefined for what suits the stores */
  readonly concurrency: number | undefined
  /** keys a second; undefined for no limit */
  readonly ratePerSecond?: number | undefined
  /** the work that a line asks for, the line when it passes through, undefined when it is not to come out at all */
  place(line: Line): Placement<Item> | Line | undefined
  /** the key of the source that the work on an item begins with a look at; absent where it begins otherwise */
  firstLook?(item: Item): Key
  /** the line of an item whose locations name no store */
  refuse(item: Item, error: RekeyError): Line
  /** the lines of a batch, with what became of them */
  work(group: StoreGroup<Item>): Promise<readonly Line[]>
}

/** Batches come out as they are ready. Throws what `work` throws, after what was in flight has come out. */
export async function* workByStores<Item>(
  batches: AsyncIterable<readonly Line[]>,
  context: Context,
  stage: WorkByStores<Item>,
): AsyncGenerator<readonly Line[]> {
  const limit = new KeyLimit(stage.concurrency, stage.ratePerSecond)
  const parts = partsOf(batches, context, limit, stage)
  yield* parallel(
    parts,
    () => limit.batches,
    context.stop,
    async (part) => ('passing' in part ? part.passing : await stage.work(part)),
  )
}

async function* partsOf<Item>(
  batches: AsyncIterable<readonly Line[]>,
  context: Context,
  limit: KeyLimit,
  { place, refuse, firstLook }: WorkByStores<Item>,
): AsyncGenerator<StoreGroup<Item> | { readonly passing: readonly Line[] }> {
  const refuseSecrets = secretsRefused()
  for await (const batch of gather(batches, () => limit.gathers)) {
    const passing: Line[] = []
    const groups = new StoreGroups<Item>()
    for (const line of batch) {
      const placed = refuseSecrets(line) ?? witnessRefused(line) ?? place(line)
      if (placed === undefined) continue
      if ('text' in placed) passing.push(placed)
      else groups.add(placed)
    }
    yield* groups.open(
      context,
      (dest) => limit.sizeFor(dest),
      (items, error) => void passing.push(...items.map((item) => refuse(item, error))),
      firstLook,
    )
    if (passing.length > 0) yield { passing }
  }
}

function witnessRefused(line: Line): Line | undefined {
  const problem = witnessProblem(line)
  return problem === undefined ? undefined : settleFailed(line, problem.toFailure())
}

/**
 * A record made by hand may hold a password in a location. It goes no further: it is masked, and the record fails. What the
 * last record named, and the next one most often names, is not looked through again.
 */
function secretsRefused(): (line: Line) => Line | undefined {
  let clean: string | undefined
  const isOpen = (location: string | undefined) => {
    if (location === undefined || location === clean) return false
    if (withoutCredentials(location) !== location) return true
    clean = location
    return false
  }
  return (line) => {
    const { store, toStore } = line.open ?? line.record
    const isStoreOpen = isOpen(store)
    if (!isOpen(toStore) && !isStoreOpen) return undefined
    setFields(line, { store: store && withoutCredentials(store), toStore: toStore && withoutCredentials(toStore) })
    const message = 'the location holds a user name or password, which no record may: put them into REDIS_URL'
    return settleFailed(line, new RekeyError('E_LOCATION', message).toFailure())
  }
}
