/** How many batches are in flight and how large they are, so that the keys in flight come to what was asked for. */

import { RekeyError } from '../record/errors.ts'
import type { Store } from '../store/contract.ts'
import type { Arguments } from './tool.ts'
import { text } from './tool.ts'

/** how many batches a second a limited rate comes in */
const STEPS_PER_SECOND = 10
const FIRST_BATCH = 1000

export class KeyLimit {
  readonly #keys: number | undefined
  readonly #ratePerSecond: number
  #gathers = 0
  /** batches to have in flight; known once `sizeFor` was asked */
  batches = 1
  /** keys that had better be worked on at once, 0 for as they come; a good many while no store is known yet */
  gathers = FIRST_BATCH

  /** `keys` in flight at once, undefined for what suits the store; and so few that a rate comes in even steps. */
  constructor(keys: number | undefined, ratePerSecond: number = Number.POSITIVE_INFINITY) {
    this.#keys = keys
    this.#ratePerSecond = ratePerSecond
  }

  /** The size of a batch for this store. */
  sizeFor({ traits }: Store): number {
    const step = Math.max(1, Math.floor(this.#ratePerSecond / STEPS_PER_SECOND))
    const size = Math.min(traits.batch, this.#keys ?? traits.batch, step)
    this.batches = this.#keys === undefined ? traits.concurrency : Math.max(1, Math.floor(this.#keys / size))
    this.#gathers = Math.max(this.#gathers, traits.gathers === true ? size : 0)
    this.gathers = this.#gathers
    return size
  }
}

/** What --concurrency says: a number of keys, or undefined for `auto`. */
export function concurrencyOf(args: Arguments): number | undefined {
  const given = text(args, 'concurrency')
  if (given === undefined || given === 'auto') return undefined
  if (/^[1-9]\d*$/.test(given)) return Number(given)
  throw new RekeyError('E_USAGE', `--concurrency takes a whole number, 1 or more, or auto; "${given}" is neither`)
}
