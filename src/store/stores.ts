/** The stores of a run: each location opened once, with limit, retry and, for tests, faults around it. */
import type { RekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import type { Store, StoreSettings, TableShape } from './contract.ts'
import type { LeaseSpace } from './lease/contract.ts'
import { openLeases } from './lease/open.ts'
import type { Surroundings } from './open.ts'
import { createTable, openStore } from './open.ts'
import { parseFaults, withFaults } from './wrap/fault.ts'
import { withLimit } from './wrap/limit.ts'
import type { Pacing } from './wrap/retry.ts'
import { openAgain, withRetry } from './wrap/retry.ts'

/** Names the faults that a test wants, as `parseFaults` reads them. */
const FAULTS_VARIABLE = 'REKEY_FAULTS'

export class Stores {
  readonly #settings: StoreSettings
  readonly #surroundings: Surroundings
  readonly #pacing: Pacing
  readonly #opened = new Map<string, Promise<Store>>()
  readonly #leases = new Map<string, Promise<LeaseSpace>>()
  readonly #open: Store[] = []

  constructor(settings: StoreSettings, surroundings: Surroundings, pacing: Pacing) {
    this.#settings = settings
    this.#surroundings = surroundings
    this.#pacing = pacing
  }

  /** `firstKeys` as for `openStore`. */
  open(location: string, firstKeys?: readonly Key[]): Promise<Store> {
    const known = this.#opened.get(location)
    if (known !== undefined) return known
    const opening = this.#openWrapped(location, firstKeys)
    this.#opened.set(location, opening)
    opening.catch((error: RekeyError) => {
      // Who asks again later may find it open then.
      if (error.retryable) this.#opened.delete(location)
    })
    return opening
  }

  openLeases(location: string): Promise<LeaseSpace> {
    const known = this.#leases.get(location)
    if (known !== undefined) return known
    const open = () => openLeases(location, this.#settings, this.#surroundings)
    const opening = openAgain(open, this.#settings.retries, this.#pacing)
    this.#leases.set(location, opening)
    return opening
  }

  /** Throws E_USAGE for a store that needs no table. True when it was made, false when it was there. */
  createTable(location: string, shape: TableShape): Promise<boolean> {
    return createTable(location, shape, this.#settings, this.#surroundings)
  }

  /** How the stores are doing that say so; undefined when none does. */
  state(): string | undefined {
    const states = this.#open.flatMap((store) => {
      const state = store.state?.()
      return state === undefined ? [] : [{ location: store.location, state }]
    })
    if (states.length === 0) return undefined
    return states.map(({ location, state }) => (states.length === 1 ? state : `${location} ${state}`)).join(', ')
  }

  /** What all stores together have used of what is paid for, by unit; of those that count it. */
  used(): Readonly<Record<string, number>> {
    const used: Record<string, number> = {}
    for (const store of this.#open) {
      for (const [unit, amount] of Object.entries(store.used?.() ?? {})) used[unit] = (used[unit] ?? 0) + amount
    }
    return used
  }

  async close(): Promise<void> {
    const stores = await Promise.allSettled([...this.#opened.values(), ...this.#leases.values()])
    this.#opened.clear()
    this.#leases.clear()
    await Promise.all(stores.map((opened) => (opened.status === 'fulfilled' ? opened.value.close() : undefined)))
  }

  async #openWrapped(location: string, firstKeys: readonly Key[] | undefined): Promise<Store> {
    const { retries, ratePerSecond } = this.#settings
    const open = () => openStore(location, this.#settings, this.#surroundings, firstKeys)
    let store = await openAgain(open, retries, this.#pacing)
    const faults = this.#surroundings.env(FAULTS_VARIABLE)
    if (faults !== undefined) store = withFaults(store, parseFaults(faults), this.#surroundings.die)
    if (ratePerSecond !== undefined) store = withLimit(store, ratePerSecond, this.#pacing)
    const wrapped = withRetry(store, retries, this.#pacing)
    this.#open.push(wrapped)
    return wrapped
  }
}
