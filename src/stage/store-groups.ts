/** Groups what is to be done by the stores it concerns, because stores take batches. Holds what one batch brings. */
import type { RekeyError } from '../record/errors.ts'
import { toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Store } from '../store/contract.ts'
import type { Context } from './stage.ts'

/** An item and the two locations that it concerns; items of different kinds never share a group. */
export interface Placement<Item> {
  readonly item: Item
  readonly source: string
  readonly dest: string
  readonly kind?: string
}

/** Items that concern the same two stores. */
export interface StoreGroup<Item> {
  readonly source: Store
  readonly dest: Store
  readonly items: readonly Item[]
}

interface Group<Item> extends Omit<Placement<Item>, 'item'> {
  readonly items: Item[]
}

export class StoreGroups<Item> {
  readonly #groups = new Map<string, Group<Item>>()
  /** where the last item went, and the next one most often goes */
  #last: Group<Item> | undefined

  add({ item, source, dest, kind = '' }: Placement<Item>): void {
    const last = this.#last
    const isAsLast = last?.source === source && last.dest === dest && last.kind === kind
    const group = isAsLast ? last : this.#groupOf(source, dest, kind)
    group.items.push(item)
    this.#last = group
  }

  #groupOf(source: string, dest: string, kind: string): Group<Item> {
    const name = `${kind} ${source.length} ${source}${dest}`
    const group = this.#groups.get(name) ?? { source, dest, kind, items: [] }
    this.#groups.set(name, group)
    return group
  }

  /**
   * The groups with their stores open, in order of their first items, cut to at most `sizeOf(dest)` items each. Items
   * whose locations name no store are given to `refuse`; any other trouble with a store is thrown. `firstLook` says of
   * which source key each item's work begins with a look at.
   */
  async *open(
    context: Context,
    sizeOf: (dest: Store) => number,
    refuse: (items: readonly Item[], error: RekeyError) => void,
    firstLook?: (item: Item) => Key,
  ): AsyncGenerator<StoreGroup<Item>> {
    for (const { source, dest, items } of this.#groups.values()) {
      const stores = await openBoth(context, source, dest, firstLook && items.map(firstLook)).catch(
        (thrown: unknown) => {
          const error = toRekeyError(thrown)
          if (error.code !== 'E_LOCATION') throw error
          refuse(items, error)
        },
      )
      if (stores === undefined) continue
      const size = sizeOf(stores.dest)
      for (let at = 0; at < items.length; at += size) yield { ...stores, items: items.slice(at, at + size) }
    }
  }
}

async function openBoth(
  context: Context,
  source: string,
  dest: string,
  firstKeys: readonly Key[] | undefined,
): Promise<{ source: Store; dest: Store }> {
  return { source: await context.open(source, firstKeys), dest: await context.open(dest) }
}
