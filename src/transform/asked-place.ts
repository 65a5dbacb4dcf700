/** A key of a store that is asked about: its bytes and its fingerprint. One memory for all, which the next one takes. */
import type { Key } from '../record/key.ts'
import { printOf } from './key-print.ts'
import type { Place } from './move-file.ts'

export class AskedPlace implements Place {
  store = 0
  bytes = Buffer.alloc(4096)
  readonly start = 0
  byteLength = 0
  print = 0
  #view = new DataView(this.bytes.buffer)

  take(store: number, key: Key): void {
    const room = typeof key === 'string' ? key.length * 3 : key.length
    if (room > this.bytes.length) {
      this.bytes = Buffer.alloc(room * 2)
      this.#view = new DataView(this.bytes.buffer)
    }
    this.store = store
    this.byteLength = typeof key === 'string' ? this.bytes.write(key, 'utf8') : key.copy(this.bytes)
    this.print = printOf(this.#view, 0, this.byteLength, store)
  }
}
