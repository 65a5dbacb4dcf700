/**
 * Tries again what may succeed later, with exponential backoff and jitter. The only place that counts and waits.
 * A write that got no answer (`unknown`) is not tried here: only a look at the destination can tell, and that is
 * copy-apply's.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Entry, Item, Outcome, Range, Store } from '../contract.ts'
import type { Uploads } from '../uploads.ts'
import { wrapStore } from './wrapper.ts'

/** Time and chance, as a run has them. */
export interface Pacing {
  now(): number
  random(): number
  /** aborted when nothing new is to be tried */
  readonly stop: AbortSignal
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 10_000

/** How long to wait before try `tries + 1`: doubled each time, bounded, and between half and all of that. */
export function backoffMs(tries: number, random: number): number {
  const bound = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS)
  return bound * (0.5 + random / 2)
}

/**
 * Opens a store, again where that may succeed later. Not after a timeout: who has waited for an answer in vain is told,
 * before a run has begun.
 */
export async function openAgain<T>(open: () => Promise<T>, retries: number, pacing: Pacing): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await open()
    } catch (thrown) {
      const { retryable, code } = toRekeyError(thrown)
      if (!retryable || code === 'E_TIMEOUT' || tries > retries || pacing.stop.aborted) throw thrown
      await restFor(tries, pacing)
    }
  }
}

export function withRetry(store: Store, retries: number, pacing: Pacing): Store {
  const rest = (tries: number) => restFor(tries, pacing)
  const again = (tries: number, error: RekeyError) => error.retryable && tries <= retries && !pacing.stop.aborted

  /** A call that fails as a whole by throwing. */
  async function whole<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await call()
      } catch (thrown) {
        const error = toRekeyError(thrown)
        if (!again(tries, error)) throw error
        await rest(tries)
      }
    }
  }

  /** A call over a batch, of which each item may fail on its own; only those that may succeed later are made again. */
  async function each<In, Out>(
    items: readonly In[],
    call: (items: readonly In[]) => Promise<readonly Out[]>,
    errorOf: (out: Out) => RekeyError | undefined,
    counted: (out: Out, tries: number) => Out = (out) => out,
  ): Promise<readonly Out[]> {
    let results = [...(await call(items))]
    for (let tries = 1; ; tries++) {
      const open: number[] = []
      for (let at = 0; at < results.length; at++) {
        const error = errorOf(results[at] as Out)
        if (error !== undefined && again(tries, error)) open.push(at)
      }
      if (open.length === 0) return results
      await rest(tries)
      const renewed = await call(open.map((at) => items[at] as In))
      results = results.slice()
      open.forEach((at, nth) => {
        results[at] = counted(renewed[nth] as Out, tries + 1)
      })
    }
  }

  const failed = (out: Outcome) => (out.outcome === 'failed' ? out.error : undefined)
  const refused = (out: unknown) => (out instanceof RekeyError ? out : undefined)
  const counted = (out: Outcome, tries: number): Outcome => ({ ...out, tries })

  const { uploads } = store
  return wrapStore(store, {
    ...(uploads === undefined ? {} : { uploads: uploadsAgain(uploads, whole) }),
    list: (range, signal) => listAgain(store, range, signal, again, rest),
    stat: (keys, signal) => each(keys, (some) => whole(() => store.stat(some, signal)), refused),
    copy: (pairs, guard, signal) =>
      each(pairs, (some) => (store.copy as NonNullable<Store['copy']>)(some, guard, signal), failed, counted),
    remove: (targets, signal) =>
      each(targets, (some) => (store.remove as NonNullable<Store['remove']>)(some, signal), failed, counted),
    restore: (hidden, signal) =>
      each(hidden, (some) => (store.restore as NonNullable<Store['restore']>)(some, signal), failed, counted),
    digest: (keys, signal, closely) =>
      each(keys, (some) => whole(() => (store.digest as NonNullable<Store['digest']>)(some, signal, closely)), refused),
    includes: (pairs, signal) =>
      each(pairs, (some) => whole(() => (store.includes as NonNullable<Store['includes']>)(some, signal)), refused),
    matches: (key, content, signal) =>
      whole(() => (store.matches as NonNullable<Store['matches']>)(key, content, signal)),
    read: (key, signal) => whole(() => (store.read as NonNullable<Store['read']>)(key, signal)),
    write: async (item, guard, signal) => {
      const write = store.write as NonNullable<Store['write']>
      const outcomes = await each([item], async ([one]) => [await write(one as Item, guard, signal)], failed, counted)
      return outcomes[0] as Outcome
    },
  })
}

function uploadsAgain(uploads: Uploads, whole: <T>(call: () => Promise<T>) => Promise<T>): Uploads {
  return {
    begun: (near, signal) => whole(() => uploads.begun(near, signal)),
    state: (upload, signal) => whole(() => uploads.state(upload, signal)),
    end: (upload, signal) => whole(() => uploads.end(upload, signal)),
  }
}

async function restFor(tries: number, { random, stop }: Pacing): Promise<void> {
  // As many as there are calls in flight: that is no leak, and must not be warned of.
  setMaxListeners(0, stop)
  await sleep(backoffMs(tries, random()), undefined, { signal: stop }).catch(() => {})
}

/** Lists on from the last key of an ordered store, or where its bookmark is; else begins anew, so that keys come twice. */
async function* listAgain(
  store: Store,
  range: Range,
  signal: AbortSignal,
  again: (tries: number, error: RekeyError) => boolean,
  rest: (tries: number) => Promise<void>,
): AsyncGenerator<readonly Entry[]> {
  let last: Key | undefined = range.after
  const bookmark = {}
  for (let tries = 1; ; tries++) {
    try {
      for await (const entries of store.list(
        { ...range, bookmark, ...(last !== undefined && { after: last }) },
        signal,
      )) {
        if (store.traits.ordered) last = entries.at(-1)?.key ?? last
        yield entries
        tries = 1
      }
      return
    } catch (thrown) {
      const error = toRekeyError(thrown)
      if (!again(tries, error)) throw error
      await rest(tries)
    }
  }
}
