/**
 * Which keys are being removed at this moment, and which ones are the proof of such a removal. A key is never both: or
 * two keys that are each other's copy would take each other along. Holds the keys in flight.
 */
import type { Key } from '../record/key.ts'

/** What is to be removed and its proof, by the locations of open stores: records may spell one in several ways. */
export interface Held {
  readonly store: string
  readonly key: Key
  readonly witness: { readonly store: string; readonly key: Key } | undefined
}

export class HeldKeys {
  readonly #removed = new Counts()
  readonly #witnesses = new Counts()

  /** Whether the removal may begin; if so its two keys are held until `release`. */
  hold({ store, key, witness }: Held): boolean {
    if (this.#witnesses.has(store, key)) return false
    if (witness !== undefined && this.#removed.has(witness.store, witness.key)) return false
    this.#removed.add(store, key, 1)
    if (witness !== undefined) this.#witnesses.add(witness.store, witness.key, 1)
    return true
  }

  release({ store, key, witness }: Held): void {
    this.#removed.add(store, key, -1)
    if (witness !== undefined) this.#witnesses.add(witness.store, witness.key, -1)
  }
}

/** A map a store and form of key, because a name that joins them would have to be made and hashed each time. */
class Counts {
  readonly #texts = new Map<string, Map<string, number>>()
  readonly #bytes = new Map<string, Map<string, number>>()

  has(store: string, key: Key): boolean {
    const counts = (typeof key === 'string' ? this.#texts : this.#bytes).get(store)
    return counts?.has(nameOf(key)) === true
  }

  add(store: string, key: Key, count: number): void {
    const stores = typeof key === 'string' ? this.#texts : this.#bytes
    const counts = stores.get(store) ?? new Map<string, number>()
    stores.set(store, counts)
    const name = nameOf(key)
    const sum = (counts.get(name) ?? 0) + count
    if (sum === 0) counts.delete(name)
    else counts.set(name, sum)
  }
}

function nameOf(key: Key): string {
  return typeof key === 'string' ? key : key.toString('base64')
}
