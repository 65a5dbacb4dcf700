/** What is to be done about a move that others touch. Pure. */

import type { Failure } from '../record/errors.ts'
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { Reason } from '../record/record.ts'
import type { Found } from './ledger.ts'

export const POLICIES = ['fail', 'first', 'newest'] as const
export type Policy = (typeof POLICIES)[number]

/** How a move is settled; undefined when it may go on. */
export type Verdict = { readonly skipped: Reason } | { readonly failed: Failure } | undefined

/** The rank of a move whose modification time is not known: before all others, so that it is seen. */
export const UNKNOWN_RANK = Number.NEGATIVE_INFINITY

/**
 * While the plan is still being read: the moves before this one have gone on, so this one gives way. A policy decides
 * only between two that want one destination; a key that is itself to be moved is no destination under any of them.
 *
 * | touched by an earlier move               | fail        | first             |
 * |------------------------------------------|-------------|-------------------|
 * | of the same key                          | duplicate   | duplicate         |
 * | whose key is this one's destination      | E_COLLISION | E_COLLISION       |
 * | whose destination is this one's key      | E_COLLISION | E_COLLISION       |
 * | with the same destination                | E_COLLISION | skipped collision |
 */
export function judgeNext(found: Found | undefined, to: Key, policy: Policy): Verdict {
  if (found === undefined) return undefined
  const { duplicate, inTheWay, onto, claimants } = found
  if (duplicate) return { skipped: 'duplicate' }
  if (inTheWay !== undefined) return collision(`${isMoved(to)}`, inTheWay)
  if (onto !== undefined) {
    return collision(`this key is the new key of ${keyText(onto)}, which has gone on before it: move it first`, onto)
  }
  const [earlier] = claimants
  if (earlier === undefined) return undefined
  return policy === 'fail' ? collision(isWanted(to, earlier.key), earlier.key) : { skipped: 'collision' }
}

/**
 * When the whole plan is known: what `look` found around a move.
 *
 * | its destination                            | fail        | first             | newest                         |
 * |--------------------------------------------|-------------|-------------------|--------------------------------|
 * | is itself a key to be moved                | E_COLLISION | E_COLLISION       | E_COLLISION                    |
 * | is wanted by another, and this is the best | E_COLLISION | goes on           | goes on                        |
 * | is wanted by another, which is better      | E_COLLISION | skipped collision | skipped collision              |
 * | is wanted by another, and none is the best |             |                   | E_COLLISION (times equal or unknown) |
 */
export function judgeWhole({ inTheWay, claimants }: Found, to: Key, policy: Policy): Verdict {
  if (inTheWay !== undefined) return collision(isMoved(to), inTheWay)
  const other = claimants.find((claimant) => !claimant.mine)
  const [best, second] = claimants
  if (other === undefined || best === undefined) return undefined
  if (policy === 'fail') return collision(isWanted(to, other.key), other.key)
  if (policy === 'newest' && (best.rank === UNKNOWN_RANK || best.rank === second?.rank)) {
    return collision(`${isWanted(to, other.key)}, and their mtimes do not say which is the newest`, other.key)
  }
  return best.mine ? undefined : { skipped: 'collision' }
}

function isMoved(to: Key): string {
  return `the new key ${keyText(to)} is itself a key still to be moved`
}

function isWanted(to: Key, other: Key): string {
  return `the new key ${keyText(to)} is also wanted by ${keyText(other)}`
}

function collision(message: string, other: Key): Verdict {
  const named = typeof other === 'string' ? { other } : { other64: other.toString('base64') }
  return { failed: { code: 'E_COLLISION', message, retryable: false, ...named } }
}
