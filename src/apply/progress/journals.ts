/**
 * What earlier runs have settled, so that nothing is counted twice: neither what stands in two journals nor what comes by
 * again. Holds 12 to 16 bytes a record that the journals name, and some 300 for each that has failed.
 */
import { createHash } from 'node:crypto'
import { FingerprintSet } from '../../record/fingerprint-set.ts'
import type { KeyRecord } from '../../record/record.ts'
import { countedAs } from '../../stage/progress/standing.ts'
import type { Context } from '../../stage/stage.ts'
import { identity } from '../settled.ts'

/** What is to be done about a record: count it, or not; and an earlier outcome of it that no longer holds. */
export interface Entry {
  readonly counts: boolean
  readonly instead?: KeyRecord
}

const ONCE: Entry = { counts: true }
const AGAIN: Entry = { counts: false }

export class Journals {
  readonly #well = new FingerprintSet()
  readonly #failed = new Map<string, KeyRecord>()

  /** Enters a record. One that has failed before and is well now takes the place of the failure. */
  enter(record: KeyRecord): Entry {
    const word = countedAs(record)
    if (word === 'open') return ONCE
    const name = identity(record)
    if (word === 'failed' || word === 'unknown') {
      const id = digestOf(name)
      if (this.#failed.has(id)) return AGAIN
      this.#failed.set(id, slim(record))
      return ONCE
    }
    if (!this.#well.add(name)) return AGAIN
    if (this.#failed.size === 0) return ONCE
    const id = digestOf(name)
    const instead = this.#failed.get(id)
    this.#failed.delete(id)
    return instead === undefined ? ONCE : { counts: true, instead }
  }

  /** Gives each record of the journals that counts to `take`. Throws E_USAGE when a file cannot be read. */
  async read(
    paths: readonly string[],
    context: Context,
    take: (record: KeyRecord, entry: Entry) => void,
  ): Promise<void> {
    for (const path of paths) {
      for await (const batch of context.records(path)) {
        for (const { record } of batch) {
          // A line that a kill has torn says nothing.
          if (record.error?.code === 'E_INPUT' || countedAs(record) === 'open') continue
          const entry = this.enter(record)
          if (entry.counts) take(record, entry)
        }
      }
    }
  }
}

function digestOf(name: string): string {
  return createHash('sha1').update(name).digest('base64')
}

/** As much of a failure as is needed to take it out of the counts again. */
function slim({ key, key64, outcome, verified, error, differs }: KeyRecord): KeyRecord {
  return {
    ...(key !== undefined && { key }),
    ...(key64 !== undefined && { key64 }),
    ...(outcome !== undefined && { outcome }),
    ...(verified !== undefined && { verified }),
    ...(error !== undefined && { error: { code: error.code, message: '', retryable: false } }),
    ...(differs !== undefined && { differs }),
  }
}
