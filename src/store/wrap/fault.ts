/**
 * Faults on purpose, for tests: calls that fail, writes whose answer is lost, a process that dies between a write and
 * its answer; as often as asked, and the same for the same seed.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Outcome, Store } from '../contract.ts'
import { wrapStore } from './wrapper.ts'

export interface Faults {
  readonly seed: number
  /** the part of the keys whose write is refused with a failure that may pass, 0 to 1 */
  readonly busy: number
  /** the part of the keys whose write is refused for good */
  readonly refuse: number
  /** the part of the keys that are written and whose answer is lost */
  readonly lose: number
  /** the part of the keys whose write is neither done nor answered */
  readonly drop: number
  /** the process is killed when it has made so many writes, before any of the last call's answers come; 0 for never */
  readonly die: number
}

/** Reads `seed=7,busy=0.1,refuse=0,lose=0.05,drop=0.05,die=100`; what is not named is 0. */
export function parseFaults(text: string): Faults {
  const named = Object.fromEntries(text.split(',').map((part) => part.split('=')))
  const at = (name: keyof Faults) => Number(named[name] ?? 0)
  return {
    seed: at('seed'),
    busy: at('busy'),
    refuse: at('refuse'),
    lose: at('lose'),
    drop: at('drop'),
    die: at('die'),
  }
}

/** `die` ends the process as kill -9 does. */
export function withFaults(store: Store, faults: Faults, die: () => void): Store {
  const random = seeded(faults.seed)
  let written = 0
  /** Applies `call` to the items that meet no fault before it, and loses some of its answers. */
  async function spoil<In>(
    items: readonly In[],
    call: (items: readonly In[]) => Promise<readonly Outcome[]>,
  ): Promise<readonly Outcome[]> {
    const fates = items.map(() => fateOf(random(), faults))
    const sent = items.filter((_, at) => fates[at] === 'lose' || fates[at] === undefined)
    // Counted before the call: many are under way at once.
    const left = faults.die > 0 ? faults.die - written : Number.POSITIVE_INFINITY
    written += sent.length
    if (left <= 0 && sent.length > 0) return await new Promise(() => {})
    const answers = sent.length === 0 ? [] : await call(sent.slice(0, left))
    if (sent.length >= left) die()
    let next = 0
    return fates.map((fate): Outcome => {
      if (fate === 'busy') return { outcome: 'failed', error: new RekeyError('E_BUSY', 'a fault on purpose: busy') }
      if (fate === 'refuse')
        return { outcome: 'failed', error: new RekeyError('E_DENIED', 'a fault on purpose: refused') }
      if (fate === 'drop') return unanswered()
      const answer = answers[next++] as Outcome
      return fate === 'lose' ? unanswered() : answer
    })
  }
  return wrapStore(store, {
    copy: (pairs, guard, signal) =>
      spoil(pairs, (some) => (store.copy as NonNullable<Store['copy']>)(some, guard, signal)),
    write: async (item, guard, signal) => {
      const write = store.write as NonNullable<Store['write']>
      const outcomes = await spoil([item], async ([one]) => [await write(one as typeof item, guard, signal)])
      return outcomes[0] as Outcome
    },
    remove: (targets, signal) => spoil(targets, (some) => (store.remove as NonNullable<Store['remove']>)(some, signal)),
  })
}

type Fate = 'busy' | 'refuse' | 'lose' | 'drop' | undefined

function fateOf(chance: number, { busy, refuse, lose, drop }: Faults): Fate {
  if (chance < busy) return 'busy'
  if (chance < busy + refuse) return 'refuse'
  if (chance < busy + refuse + lose) return 'lose'
  return chance < busy + refuse + lose + drop ? 'drop' : undefined
}

function unanswered(): Outcome {
  return { outcome: 'unknown', error: new RekeyError('E_UNANSWERED', 'a fault on purpose: no answer') }
}

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}
