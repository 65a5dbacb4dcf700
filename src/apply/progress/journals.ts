/**
 * What earlier runs have settled, so that nothing is counted twice: neither what stands in two journals nor what comes by
 * again. Holds 12 to 16 bytes a record that the journals name, and some 300 for each that has failed.
 */
import { createHash } from 'node:crypto'
import type { ErrorCode } from '../../record/errors.ts'
import { FingerprintSet } from '../../record/fingerprint-set.ts'
import type { KeyRecord } from '../../record/record.ts'
import { countedAs } from '../../stage/progress/standing.ts'
import type { Context } from '../../stage/stage.ts'
import { identity } from '../settled.ts'
import { codeOf } from './groups.ts'

/** What is to be done about a record: count it, or not; and an earlier outcome of it that no longer holds. */
export interface Entry {
  readonly counts: boolean
  readonly instead?: KeyRecord
}

type Well = 'done' | 'skipped'

const ONCE: Entry = { counts: true }
const AGAIN: Entry = { counts: false }

export class Journals {
  readonly #done = new FingerprintSet()
  readonly #skipped = new FingerprintSet()
  readonly #failed = new Map<string, KeyRecord>()
  /** what has become of those that had failed once */
  readonly #mended = new Map<string, Well>()

  /** Enters a record. What it has come to last takes the place of what it was before: well after a failure, or the other way. */
  enter(record: KeyRecord): Entry {
    const word = countedAs(record)
    if (word === 'open') return ONCE
    const name = identity(record)
    return word === 'failed' || word === 'unknown' ? this.#enterFailed(name, record) : this.#enterWell(name, word)
  }

  #enterFailed(name: string, record: KeyRecord): Entry {
    const id = digestOf(name)
    if (this.#failed.has(id)) return AGAIN
    this.#failed.set(id, slim(record))
    const before = this.#mended.get(id) ?? this.#wellBefore(name)
    return before === undefined ? ONCE : { counts: true, instead: { outcome: before } }
  }

  #enterWell(name: string, word: Well): Entry {
    const id = this.#failed.size === 0 ? undefined : digestOf(name)
    const instead = id === undefined ? undefined : this.#failed.get(id)
    const before = this.#wellBefore(name)
    if (before === undefined) (word === 'done' ? this.#done : this.#skipped).add(name)
    if (id === undefined || instead === undefined) return before === undefined ? ONCE : AGAIN
    this.#failed.delete(id)
    this.#mended.set(id, word)
    return { counts: true, instead }
  }

  #wellBefore(name: string): Well | undefined {
    if (this.#done.has(name)) return 'done'
    return this.#skipped.has(name) ? 'skipped' : undefined
  }

  /** Gives each record of the journals that counts to `take`. Throws E_USAGE when a file cannot be read. */
  async read(
    paths: readonly string[],
    context: Context,
    take: (record: KeyRecord, entry: Entry) => void,
  ): Promise<void> {
    for (const path of paths) {
      for await (const batch of context.records(path)) {
        for (const { record, cameAs } of batch) {
          // A line that a kill has torn says nothing; one that tells of a broken line of the plan does.
          if (cameAs === undefined || countedAs(record) === 'open') continue
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
function slim(record: KeyRecord): KeyRecord {
  const { key, key64, outcome, verified } = record
  return {
    ...(key !== undefined && { key }),
    ...(key64 !== undefined && { key64 }),
    ...(outcome !== undefined && { outcome }),
    ...(verified !== undefined && { verified }),
    error: { code: codeOf(record) as ErrorCode, message: '', retryable: false },
  }
}
