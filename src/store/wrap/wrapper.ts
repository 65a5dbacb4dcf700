/** What the wrappers share: a store that hands every call on, of which a wrapper replaces some. */
import type { Store } from '../contract.ts'

/** A copy of `store` with the same methods, those in `replaced` instead of its own; a method it lacks stays missing. */
export function wrapStore(store: Store, replaced: Partial<Store>): Store {
  const wrapped: Store = {
    location: store.location,
    traits: store.traits,
    list: store.list.bind(store),
    stat: store.stat.bind(store),
    close: store.close.bind(store),
    ...(store.uploads === undefined ? {} : { uploads: replaced.uploads ?? store.uploads }),
  }
  const optional = [
    'copy',
    'copyAcls',
    'read',
    'write',
    'remove',
    'digest',
    'checksums',
    'alike',
    'includes',
    'restore',
    'requests',
    'state',
    'matches',
    'used',
  ] as const
  for (const name of optional) {
    if (store[name] !== undefined) Object.assign(wrapped, { [name]: (replaced[name] ?? store[name]).bind(store) })
  }
  const { list, stat, close } = replaced
  return Object.assign(wrapped, list && { list }, stat && { stat }, close && { close })
}
