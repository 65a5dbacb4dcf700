/**
 * Joins small batches: one chunk of input brings a few hundred records, and some stores answer for a thousand at the price
 * of one. Only what has come already is joined; nothing waits for what may come. Holds the joined batch.
 */
import { setImmediate as turn } from 'node:timers/promises'

/** Batches of up to `most()` items; as they come while that is 0. Order is kept. */
export async function* gather<T>(
  batches: AsyncIterable<readonly T[]>,
  most: () => number,
): AsyncGenerator<readonly T[]> {
  const source = batches[Symbol.asyncIterator]()
  let coming: Coming<T> | undefined
  let left: T[] = []
  try {
    for (;;) {
      let joined = left
      left = []
      if (joined.length === 0) {
        const first = await (coming?.next ?? source.next())
        coming = undefined
        if (first.done) return
        if (most() === 0) yield first.value
        else joined = [...first.value]
      }
      while (joined.length < most()) {
        coming ??= new Coming(source.next())
        if (!(await coming.hasCome())) break
        const more = await coming.next
        if (more.done) break
        for (const item of more.value) joined.push(item)
        coming = undefined
      }
      if (most() > 0) left = joined.splice(most())
      if (joined.length > 0) yield joined
    }
  } finally {
    await source.return?.()
  }
}

/** A batch that was asked for. */
class Coming<T> {
  readonly next: Promise<IteratorResult<readonly T[]>>
  #isThere = false

  constructor(next: Promise<IteratorResult<readonly T[]>>) {
    this.next = next
    // A failure is awaited in its turn; until then it is not one that nobody waits for.
    next.then(
      () => {
        this.#isThere = true
      },
      () => {},
    )
  }

  /**
   * Whether it is there by when it would be, had it come already: what has come to a pipe is read within a turn of the event
   * loop, and has gone through the generators a few later. No race of promises, which would hold what won as long as the
   * others run.
   */
  async hasCome(): Promise<boolean> {
    for (let turns = 0; turns < TURNS && !this.#isThere; turns++) await turn()
    return this.#isThere
  }
}

const TURNS = 4
