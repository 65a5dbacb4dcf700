/**
 * Work on many items, some at a time. An item is begun when there is a place for it and not before: a thousand begun calls
 * that wait for their turn are what a garbage collector copies over and over.
 */

/**
 * Resolves behind the last. `work` gives nothing where it is done at once. Rejects with what it rejects with; others may be
 * under way then.
 */
export function sideBySide<T>(
  items: readonly T[],
  most: () => number,
  work: (item: T, at: number) => Promise<void> | void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    let underWay = 0
    const begin = () => {
      while (next < items.length && underWay < most()) {
        const at = next++
        const done = work(items[at] as T, at)
        if (done === undefined) continue
        underWay++
        done.then(ended, reject)
      }
      if (underWay === 0) resolve()
    }
    const ended = () => {
      underWay--
      begin()
    }
    begin()
  })
}
