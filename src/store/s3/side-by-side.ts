/**
 * Work on many items, some at a time. An item is begun when there is a place for it and not before: a thousand begun calls
 * that wait for their turn are what a garbage collector copies over and over.
 */

/** Resolves behind the last. Rejects with what `work` rejects with; others may be under way then. */
export function sideBySide<T>(
  items: readonly T[],
  most: () => number,
  work: (item: T, at: number) => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    let underWay = 0
    const begin = () => {
      while (next < items.length && underWay < most()) {
        const at = next++
        underWay++
        work(items[at] as T, at).then(ended, reject)
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
