/** The order in which S3 lists: that of the keys' UTF-8 bytes, which for text beyond U+FFFF is not that of JavaScript. */
import type { Key } from '../../record/key.ts'
import { compareKeys } from '../../record/key.ts'

/** Below 0 when `one` comes first, 0 for the same key. */
export function compare(one: Key, other: Key): number {
  return typeof one === 'string' && typeof other === 'string' ? compareText(one, other) : compareKeys(one, other)
}

function compareText(one: string, other: string): number {
  if (one === other) return 0
  const shorter = Math.min(one.length, other.length)
  for (let at = 0; at < shorter; at++) {
    const left = one.charCodeAt(at)
    const right = other.charCodeAt(at)
    if (left !== right) return order(left) - order(right)
  }
  return one.length - other.length
}

/** Halves of surrogate pairs stand for what comes behind everything else. */
function order(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

/** Each name once, in this order. Where they come so, as those of a listing do, a comparison each is all it takes. */
export function inOrder(names: readonly string[]): readonly string[] {
  return isAscending(names) ? names : [...new Set(names)].sort(compareText)
}

/** Whether each name is behind the one before it, so that none comes twice. */
export function isAscending(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at++) {
    if (compareText(names[at - 1] as string, names[at] as string) >= 0) return false
  }
  return true
}

/** How many of these, in their order, are not behind `end`. */
export function countUpTo(entries: readonly { readonly key: Key }[], end: Key): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare((entries[middle] as { key: Key }).key, end) <= 0) low = middle + 1
    else high = middle
  }
  return low
}
