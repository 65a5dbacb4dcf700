/**
 * Joins small batches: one chunk of input brings a few hundred records, and some stores answer for a thousand at the price
 * of one. Only what has come already is joined; nothing waits for what may come. Holds the joined batch.
 */
import { setImmediate as turn } from 'node:timers/promises'

/** Batches of up to `most()` items or, where one comes with more, as it came. Order is kept. */
export async function* gather<T>(
  batches: AsyncIterable<readonly T[]>,
  most: () => number,
): AsyncGenerator<readonly T[]> {
  const source = batches[Symbol.asyncIterator]()
  let coming: Promise<IteratorResult<readonly T[]>> | undefined
  try {
    for (;;) {
      const first = await (coming ?? source.next())
      coming = undefined
      if (first.done) return
      let joined = first.value
      while (joined.length < most()) {
        coming = source.next()
        // Awaited in its turn; until then a failure is not one that nobody waits for.
        coming.catch(() => {})
        const more = await Promise.race([coming, afterReading()]).catch(() => undefined)
        if (more === undefined || more.done || joined.length + more.value.length > most()) break
        joined = [...joined, ...more.value]
        coming = undefined
      }
      yield joined
    }
  } finally {
    await source.return?.()
  }
}

/** What has come to a pipe is read within a turn of the event loop, and is here after another. */
async function afterReading(): Promise<undefined> {
  await turn()
  await turn()
}
