/**
 * What earlier runs have settled, from the journals that they left, and what they had begun and not finished.
 * Holds 12 to 16 bytes a record.
 */

import type { OpenRecord } from '../record/deciding.ts'
import { RekeyError } from '../record/errors.ts'
import { FingerprintSet } from '../record/fingerprint-set.ts'
import type { Line } from '../record/line.ts'
import type { Context } from '../stage/stage.ts'

export class Settled {
  readonly #settled = new FingerprintSet()
  readonly #begun = new FingerprintSet()

  /** of how many records journals hold the outcome */
  get size(): number {
    return this.#settled.size
  }

  /** Whether a journal holds this record's outcome. */
  has(record: OpenRecord): boolean {
    return this.#settled.size > 0 && this.#settled.has(identity(record))
  }

  /** Whether an earlier run was about to write this record's destination, found it absent, and did not tell the end. */
  isInDoubt(record: OpenRecord): boolean {
    return this.#begun.size > 0 && this.#begun.has(identity(record))
  }

  /**
   * Reads journals. A line that is torn or no record settles nothing. Throws E_USAGE when a file cannot be read.
   */
  async readJournals(paths: readonly string[], context: Context): Promise<void> {
    for await (const line of lines(paths, context)) {
      const record = line.open ?? line.record
      if (settles(record)) this.#settled.add(identity(record))
    }
  }

  /**
   * Reads the intents of earlier runs, after their journals; gives how many there are. Throws E_USAGE for a journal or a
   * plan: what was there before all runs would be taken for ours.
   */
  async readIntents(path: string, context: Context): Promise<number> {
    let count = 0
    let known = false
    for await (const line of lines([path], context)) {
      const record = line.open ?? line.record
      count++
      if (hasKey(record)) {
        if (record.outcome !== undefined) throw notIntents(path, 'it has outcomes, as a journal has')
        if (!known && !isIntent(line)) throw notIntents(path, 'it has more fields than an intent, as a plan has')
        known = true
      }
      if (!this.has(record)) this.#begun.add(identity(record))
    }
    return count
  }
}

/** Which record this is, whatever else it holds: store, key and destination; a line that is none, by its text. */
export function identity(record: OpenRecord): string {
  const { store = '', toStore = '', key, key64, to, to64 } = record
  const from = key ?? key64
  if (from === undefined) return `line ${record.error?.line} ${record.input ?? record.input64 ?? ''}`
  const form = `${key === undefined ? 64 : 8}${to === undefined ? 64 : 8}`
  return `${form}:${store.length}:${toStore.length}:${from.length}:${store}${toStore}${from}${to ?? to64 ?? ''}`
}

function settles({ outcome }: OpenRecord): boolean {
  return outcome !== undefined && outcome !== 'planned'
}

function hasKey({ key, key64 }: OpenRecord): boolean {
  return (key ?? key64) !== undefined
}

const OF_INTENT = new Set(['store', 'key', 'key64', 'to', 'to64', 'toStore'])

function isIntent({ record }: Line): boolean {
  return Object.keys(record).every((field) => OF_INTENT.has(field))
}

function notIntents(path: string, why: string): RekeyError {
  return new RekeyError(
    'E_USAGE',
    `--intents: ${path} is not what --intents has written: ${why}. A journal is for --resume; name the file of intents here`,
  )
}

async function* lines(paths: readonly string[], context: Context): AsyncGenerator<Line> {
  for (const path of paths) for await (const batch of context.records(path)) yield* batch
}
