/**
 * Work on many items, some at a time. An item is begun when there is a place for it and not before: a thousand begun calls
 * that wait for their turn are what a garbage collector copies over and over.
 */

/**
 * The results, in order of the items. `work` gives no promise where it is done at once. When it fails nothing more is begun,
 * and this rejects with that as soon as nothing is under way: whoever holds places for the items may give them free then.
 */
export function sideBySide<T, Result>(
  items: readonly T[],
  most: () => number,
  work: (item: T, at: number) => Promise<Result> | Result,
): Promise<readonly Result[]> {
  return new Promise((resolve, reject) => {
    const results = new Array<Result>(items.length)
    let next = 0
    let underWay = 0
    let failure: { readonly thrown: unknown } | undefined
    const begin = () => {
      try {
        while (failure === undefined && next < items.length && underWay < most()) {
          const at = next++
          const result = work(items[at] as T, at)
          if (result instanceof Promise) {
            underWay++
            result.then((come) => ended(at, come), failed)
          } else results[at] = result
        }
      } catch (thrown) {
        // Who called is the end of another item, and has no use for it.
        failure = { thrown }
      }
      if (underWay > 0) return
      if (failure === undefined) resolve(results)
      else reject(failure.thrown)
    }
    const ended = (at: number, result: Result) => {
      results[at] = result
      underWay--
      begin()
    }
    const failed = (thrown: unknown) => {
      failure ??= { thrown }
      underWay--
      begin()
    }
    begin()
  })
}
