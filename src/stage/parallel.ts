/**
 * Work on several batches at once. Results come as they are ready, not in the order of the input.
 * Holds the batches in flight.
 */

/**
 * Runs `work` over the input with at most `limit()` calls in flight. When one throws, the others are waited for and
 * then the error is thrown; when `stop` is aborted no further input is taken up and what is in flight is finished.
 */
export async function* parallel<In, Out>(
  input: AsyncIterable<In>,
  limit: () => number,
  stop: AbortSignal,
  work: (item: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const source = input[Symbol.asyncIterator]()
  const inFlight = new Set<Promise<void>>()
  const ready: Out[] = []
  let failure: { readonly error: unknown } | undefined
  let pulling: Promise<void> | undefined
  let ended = false
  /** Goes on where the loop waits. A race of promises would add to each of them, in every round, what it then holds. */
  let wake = () => {}

  const start = (item: In) => {
    const task = work(item)
      .then((result) => void ready.push(result))
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => {
        inFlight.delete(task)
        wake()
      })
    inFlight.add(task)
  }
  const pull = async () => {
    try {
      const next = await source.next()
      if (next.done) ended = true
      else if (!ended) start(next.value)
    } catch (error) {
      failure ??= { error }
    } finally {
      pulling = undefined
      wake()
    }
  }

  try {
    while (true) {
      if (stop.aborted || failure !== undefined) ended = true
      if (!ended && pulling === undefined && inFlight.size < limit()) pulling = pull()
      if (ready.length > 0) yield ready.shift() as Out
      else if (ended && inFlight.size === 0) break
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
    if (failure !== undefined) throw failure.error
  } finally {
    await Promise.allSettled(inFlight)
    await source.return?.()
  }
}
