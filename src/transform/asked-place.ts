/** A key of a store that is asked about: its bytes and its fingerprint. One memory for all, which the next one takes. */
import type { Key } from '../record/key.ts'
import { printOf } from './key-print.ts'
import type { Place } from './move-rows.ts'

export class AskedPlace implements Place {
  store = 0
  bytes = Buffer.alloc(4096)
  readonly start = 0
  byteLength = 0
  print = 0
  #view = new DataView(this.bytes.buffer)

  take(store: number, key: Key): void {
    this.#reserve(typeof key === 'string' ? key.length * 3 : key.length)
    const byteLength = typeof key === 'string' ? this.bytes.write(key, 'utf8') : key.copy(this.bytes)
    this.#name(store, byteLength)
  }

  /** Takes a key of the same store as another one, with `after` in the place of its prefix `before`; whether it has that. */
  takeRenamed(place: Place, before: Buffer, after: Buffer): boolean {
    const { bytes, start, byteLength } = place
    const rest = start + before.length
    if (byteLength < before.length || before.compare(bytes, start, rest) !== 0) return false
    this.#reserve(byteLength + after.length)
    after.copy(this.bytes)
    const restLength = bytes.copy(this.bytes, after.length, rest, start + byteLength)
    this.#name(place.store, after.length + restLength)
    return true
  }

  #reserve(room: number): void {
    if (room <= this.bytes.length) return
    this.bytes = Buffer.alloc(room * 2)
    this.#view = new DataView(this.bytes.buffer)
  }

  #name(store: number, byteLength: number): void {
    this.store = store
    this.byteLength = byteLength
    this.print = printOf(this.#view, 0, byteLength, store)
  }
}
