/** How keys are looked at for the least cost: by listing where they lie close together, by a HEAD each where not. Pure. */

/** Up to so many keys one request each is cheaper than a page of a thousand keys. */
const FEW = 12
/** A page is worth its cost, to the server and to us, when it answers for at least this many keys. */
const WORTH = 40
/** So many keys are left to HEAD after a page that was not worth it; four times as many after each further one. */
const STRETCH = 16

/**
 * How many of the open keys are asked for one by one before the next page. `misses` counts the pages in a row that were
 * not worth it: keys of two places in one call are dense, then far apart, then dense again.
 */
export function headsBeforePage(open: number, misses: number): number {
  if (open <= FEW) return open
  return misses === 0 ? 0 : Math.min(open, STRETCH * 4 ** (misses - 1))
}

export function isWorth(answered: number): boolean {
  return answered >= WORTH
}

/** The longest beginning that all keys share; whole characters. Of ordered keys that of the first and the last. */
export function sharedPrefix(first: string, last: string): string {
  let at = 0
  while (at < first.length && first[at] === last[at]) at++
  const unit = first.charCodeAt(at - 1)
  return first.slice(0, unit >= 0xd800 && unit <= 0xdbff ? at - 1 : at)
}
