/**
 * Which keys are being removed at this moment, and which ones are the proof of such a removal. A key is never both: or
 * two keys that are each other's copy would take each other along. Holds the keys in flight.
 */
import type { Removal } from './deletion.ts'

export class HeldKeys {
  readonly #removed = new Counts()
  readonly #witnesses = new Counts()

  /** Whether the removal may begin; if so its two keys are held until `release`. */
  hold(removal: Removal): boolean {
    const [target, witness] = namesOf(removal)
    if (this.#witnesses.has(target) || (witness !== undefined && this.#removed.has(witness))) return false
    this.#removed.add(target, 1)
    if (witness !== undefined) this.#witnesses.add(witness, 1)
    return true
  }

  release(removal: Removal): void {
    const [target, witness] = namesOf(removal)
    this.#removed.add(target, -1)
    if (witness !== undefined) this.#witnesses.add(witness, -1)
  }
}

class Counts {
  readonly #counts = new Map<string, number>()

  has(name: string): boolean {
    return this.#counts.has(name)
  }

  add(name: string, count: number): void {
    const sum = (this.#counts.get(name) ?? 0) + count
    if (sum === 0) this.#counts.delete(name)
    else this.#counts.set(name, sum)
  }
}

function namesOf({ store, key, witness }: Removal): readonly [string, string | undefined] {
  return [nameOf(store, key), witness === undefined ? undefined : nameOf(witness.store, witness.key)]
}

function nameOf(store: string, key: Removal['key']): string {
  return typeof key === 'string' ? `${store}\n8 ${key}` : `${store}\n64 ${key.toString('base64')}`
}
