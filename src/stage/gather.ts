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
  let coming: Promise<IteratorResult<readonly T[]>> | undefined
  let left: readonly T[] = []
  try {
    for (;;) {
      let joined = left
      left = []
      if (joined.length === 0) {
        const first = await (coming ?? source.next())
        coming = undefined
        if (first.done) return
        joined = first.value
      }
      while (joined.length < most()) {
        coming ??= source.next()
        // Awaited in its turn; until then a failure is not one that nobody waits for.
        coming.catch(() => {})
        const more = await Promise.race([coming, afterReading()]).catch(() => undefined)
        if (more === undefined || more.done) break
        joined = [...joined, ...more.value]
        coming = undefined
      }
      if (most() > 0) left = joined.slice(most())
      yield left.length === 0 ? joined : joined.slice(0, most())
    }
  } finally {
    await source.return?.()
  }
}

/** What has come to a pipe is read within a turn of the event loop, and has gone through the generators a few later. */
async function afterReading(): Promise<undefined> {
  for (let turns = 0; turns < TURNS; turns++) await turn()
}

const TURNS = 4
