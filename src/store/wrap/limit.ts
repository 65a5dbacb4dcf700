/** Holds a store's calls to a number of keys a second. Waits before a call; never refuses one. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../contract.ts'
import type { Pacing } from './retry.ts'
import { wrapStore } from './wrapper.ts'

type Method<Name extends keyof Store> = NonNullable<Store[Name]>

/** Copies, writes and removes no more than `perSecond` keys a second. Looking and listing are free. */
export function withLimit(store: Store, perSecond: number, pacing: Pacing): Store {
  /** when the next key may go */
  let freeAt = pacing.now()
  async function take(keys: number): Promise<void> {
    const startsAt = Math.max(freeAt, pacing.now())
    freeAt = startsAt + (keys * 1000) / perSecond
    const waitMs = startsAt - pacing.now()
    // Not cut short by a stop: what waits here is written all the same, and the rate was promised.
    if (waitMs > 0) await sleep(waitMs)
  }
  return wrapStore(store, {
    copy: async (pairs, guard, signal) => {
      await take(pairs.length)
      return (store.copy as Method<'copy'>)(pairs, guard, signal)
    },
    write: async (item, guard, signal) => {
      await take(1)
      return (store.write as Method<'write'>)(item, guard, signal)
    },
    remove: async (targets, signal) => {
      await take(targets.length)
      return (store.remove as Method<'remove'>)(targets, signal)
    },
  })
}
