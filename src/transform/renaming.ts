/**
 * What most plans do, and all that many do: every key gets one prefix in the place of another. Where no key that such a
 * renaming takes is one that it makes, the new key is known by the old one and the old one by the new, so that two keys
 * never meet in one, and who holds the one holds both.
 */
import type { Rewriting } from './rewriting.ts'

export interface Renaming {
  readonly from: string
  readonly to: string
}

/** The renaming that all of a plan comes down to; undefined where there is none. Pure. */
export function renamingOf({ field, map, template, subs, rules }: Rewriting): Renaming | undefined {
  const [sub, ...others] = subs
  const onlyOneSub = others.length === 0 && rules.length === 0
  if (!onlyOneSub || field !== undefined || map !== undefined || template !== undefined) return undefined
  const renaming = sub?.renaming
  if (renaming === undefined) return undefined
  const { from, to } = renaming
  return from.startsWith(to) || to.startsWith(from) ? undefined : renaming
}
