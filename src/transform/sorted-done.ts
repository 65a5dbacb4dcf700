/**
 * Done keys by merge: input and sources are in the order of their keys' bytes, so each source is read as far as the input
 * has come. That the order is kept is checked at every key. Holds one batch of each source.
 */
import { RekeyError, toRekeyError } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { Done, DoneSource } from './done-keys.ts'
import { compareByBytes } from './field-path.ts'

export class SortedDone implements Done {
  readonly #cursors: readonly Cursor[]
  #last: Key | undefined

  /** Throws E_UNSUPPORTED for a store that lists in no order. */
  constructor(sources: readonly DoneSource[]) {
    const unordered = sources.find(({ store }) => store?.traits.ordered === false)
    if (unordered !== undefined) {
      throw new RekeyError('E_UNSUPPORTED', `--sorted: ${unordered.name} lists in no order; leave --sorted out`)
    }
    this.#cursors = sources.map((source) => new Cursor(source))
  }

  async hasAll(keys: readonly Key[]): Promise<{ found: readonly boolean[]; failure?: RekeyError }> {
    const found: boolean[] = []
    try {
      for (const key of keys) {
        if (this.#last !== undefined) checkOrder('the input', this.#last, key)
        this.#last = key
        const isThere = this.#has(key)
        found.push(typeof isThere === 'boolean' ? isThere : await isThere)
      }
    } catch (thrown) {
      return { found, failure: toRekeyError(thrown) }
    }
    return { found }
  }

  /** At once where no source must be read. */
  #has(key: Key): boolean | Promise<boolean> {
    for (const [at, cursor] of this.#cursors.entries()) {
      const found = cursor.seek(key)
      if (found === undefined) return this.#seekFurther(key, at)
      if (found) return true
    }
    return false
  }

  async close(): Promise<void> {
    for (const cursor of this.#cursors) await cursor.close()
  }

  /** From a source on whose next batch must be read first. */
  async #seekFurther(key: Key, from: number): Promise<boolean> {
    for (const cursor of this.#cursors.slice(from)) {
      let found = cursor.seek(key)
      while (found === undefined) {
        await cursor.read()
        found = cursor.seek(key)
      }
      if (found) return true
    }
    return false
  }
}

class Cursor {
  readonly #name: string
  readonly #batches: AsyncIterator<readonly Key[]>
  #batch: readonly Key[] = []
  #at = 0
  #last: Key | undefined
  #ended = false

  constructor({ name, batches }: DoneSource) {
    this.#name = name
    this.#batches = batches()[Symbol.asyncIterator]()
  }

  /** Whether the key is there, undefined where the next batch must tell. */
  seek(key: Key): boolean | undefined {
    while (this.#at < this.#batch.length) {
      const order = compareByBytes(this.#batch[this.#at] as Key, key)
      if (order >= 0) return order === 0
      this.#at++
    }
    return this.#ended ? false : undefined
  }

  async read(): Promise<void> {
    const next = await this.#batches.next()
    this.#ended = next.done === true
    this.#batch = next.done ? [] : next.value
    this.#at = 0
    for (const key of this.#batch) {
      if (this.#last !== undefined) checkOrder(`--done ${this.#name}`, this.#last, key)
      this.#last = key
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.()
  }
}

function checkOrder(where: string, before: Key, key: Key): void {
  if (compareByBytes(before, key) <= 0) return
  const message = `--sorted: ${where} has ${keyText(key)} behind ${keyText(before)}; sort it by bytes (LC_ALL=C), or leave --sorted out`
  throw new RekeyError('E_INPUT', message)
}
