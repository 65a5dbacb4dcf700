/**
 * Which records of a part are still open. A record is known by store, key and new key, and by how often that has come
 * before: two alike are two. Holds up to 48 bytes a record of the part.
 */
import type { OpenRecord } from '../../record/deciding.ts'
import { FingerprintSet } from '../../record/fingerprint-set.ts'
import { identity } from '../settled.ts'

export class Accounts {
  readonly #input = new FingerprintSet()
  readonly #settled = new FingerprintSet()
  /** records of the part for which no journal has a line yet */
  open = 0

  /** A record of the part, once each, in their order. */
  expect(record: OpenRecord): void {
    this.#input.add(next(this.#input, record))
    this.open++
  }

  /** Notes a line of a journal; false when no record of the part has been waiting for it. */
  settle(record: OpenRecord): boolean {
    const name = next(this.#settled, record)
    if (!this.#input.has(name)) return false
    this.#settled.add(name)
    this.open--
    return true
  }

  /** Asked about the records of the part in their order, tells of each whether it is open. */
  asker(): (record: OpenRecord) => boolean {
    const met = new FingerprintSet()
    return (record) => {
      const name = next(met, record)
      met.add(name)
      return !this.#settled.has(name)
    }
  }
}

/** The name of the first of its kind that is not in the set. */
function next(set: FingerprintSet, record: OpenRecord): string {
  const base = nameOf(record)
  let name = base
  for (let nth = 2; set.has(name); nth++) name = `${base}\0${nth}`
  return name
}

/** A line that is no record is known by its text: its number is another in the rest of a part. */
export function nameOf(record: OpenRecord): string {
  if (record.key !== undefined || record.key64 !== undefined) return identity(record)
  return `text ${record.input ?? record.input64 ?? ''}`
}
