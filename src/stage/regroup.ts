/** Batches of a bounded size out of batches of any size. Holds one batch. */

/** Cuts batches that are longer than `size`; shorter ones go on at once, so that a slow input is not held back. */
export async function* regroup<T>(batches: AsyncIterable<readonly T[]>, size: number): AsyncGenerator<readonly T[]> {
  for await (const batch of batches) {
    for (let at = 0; at < batch.length; at += size) {
      yield at === 0 && batch.length <= size ? batch : batch.slice(at, at + size)
    }
  }
}
