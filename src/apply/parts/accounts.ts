/**
 * Which records of a part are still open. A record is known by store, key and new key, and by how often that has come
 * before: two alike are two. Holds up to 48 bytes a record of the part.
 */
import { FingerprintSet } from '../../record/fingerprint-set.ts'
import type { KeyRecord } from '../../record/record.ts'
import { identity } from '../settled.ts'

export class Accounts {
  readonly #input: FingerprintSet
  readonly #settled = new FingerprintSet()
  /** records of the part for which no journal has a line yet */
  open: number
  #expected: number

  /** Of the part that others have been told of in whole, and of no journal. */
  constructor(part?: Accounts) {
    this.#input = part === undefined ? new FingerprintSet() : part.#input
    this.#expected = part === undefined ? 0 : part.#expected
    this.open = this.#expected
  }

  get hasSettled(): boolean {
    return this.#settled.size > 0
  }

  /** A record of the part, once each, in their order. */
  expect(record: KeyRecord): void {
    this.#input.add(next(this.#input, record))
    this.open++
    this.#expected++
  }

  /** Notes a line of a journal; false when no record of the part has been waiting for it. */
  settle(record: KeyRecord): boolean {
    const name = next(this.#settled, record)
    if (!this.#input.has(name)) return false
    this.#settled.add(name)
    this.open--
    return true
  }

  /** Asked about the records of the part in their order, tells of each whether it is open. */
  asker(): (record: KeyRecord) => boolean {
    const met = new FingerprintSet()
    return (record) => {
      if (this.#settled.size === 0) return true
      const name = next(met, record)
      met.add(name)
      return !this.#settled.has(name)
    }
  }
}

/** The name of the first of its kind that is not in the set. */
function next(set: FingerprintSet, record: KeyRecord): string {
  const base = nameOf(record)
  let name = base
  for (let nth = 2; set.has(name); nth++) name = `${base}\0${nth}`
  return name
}

/** A line that is no record is known by its text: its number is another in the rest of a part. */
function nameOf(record: KeyRecord): string {
  if (record.key !== undefined || record.key64 !== undefined) return identity(record)
  return `text ${record.input ?? record.input64 ?? ''}`
}
