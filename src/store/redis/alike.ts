/**
 * The usual case of verify, in one step: whether both keys of a pair are there, with the same content and the same
 * expiry. Small hashes are read, for the others there is one script for many pairs; what neither can say is for the slower ways.
 */
import { sameKey } from '../../record/key.ts'
import type { Pair } from '../contract.ts'
import type { AlikeHashes } from './alike-hashes.ts'
import { DIGEST_PREFIX } from './canonical.ts'
import { ANY_EXPIRES_LUA } from './describe.ts'
import { DIGEST_LUA } from './digest-lua.ts'
import type { Link } from './link.ts'
import type { Scripts } from './scripts.ts'
import { script } from './scripts.ts'
import type { Servers } from './servers.ts'

/**
 * Keys in pairs: gives as one text a digest, or `-`, for each pair, up to the one at which the call has read enough. Where no key
 * of the server expires none is asked; before Redis 7.0, which does not tell the time of expiry, only keys without one are alike.
 */
const ALIKE = script(`${DIGEST_LUA}
${ANY_EXPIRES_LUA}local absolute = any_expires and type(redis.pcall('PEXPIRETIME', KEYS[1])) == 'number'
local function same_expiry(one, other)
  if not any_expires then return true end
  if absolute then return call('PEXPIRETIME', one) == call('PEXPIRETIME', other) end
  return call('PTTL', one) == -1 and call('PTTL', other) == -1
end

local digests = {}
for at = 1, #KEYS, 2 do
  local one, other = KEYS[at], KEYS[at + 1]
  local here = digest(one)
  if here == 'later' then break end
  local there = here and here ~= 'long' and digest(other)
  if there == 'later' then break end
  digests[#digests + 1] = there and here == there and same_expiry(one, other) and here or '-'
end
return table.concat(digests, ' ')
`)

/** One digest per pair, in order, undefined where it cannot be said that they are alike. Never throws. */
export async function alike(
  servers: Servers,
  scripts: Scripts,
  hashes: AlikeHashes,
  pairs: readonly Pair[],
  signal: AbortSignal,
): Promise<readonly (string | undefined)[]> {
  // In a cluster few pairs are of one slot, and a script could not name the others.
  if (servers.isCluster || pairs.length === 0) return pairs.map(() => undefined)
  const [link] = (await servers.masters()) as readonly [Link]
  const found = await hashes.compare(link, pairs, signal)
  const unread = pairs.filter((_, at) => found[at] === 'unread')
  const digests = (await alikeByScript(scripts, unread, signal)).values()
  return pairs.map((pair, at) => {
    const digest = found[at] === 'unread' ? digests.next().value : found[at]
    return sameKey(pair.from, pair.to) ? undefined : digest
  })
}

async function alikeByScript(scripts: Scripts, pairs: readonly Pair[], signal: AbortSignal) {
  const digests: (string | undefined)[] = []
  while (digests.length < pairs.length && scripts.allowed) {
    const keys = pairs.slice(digests.length).flatMap(({ from, to }) => [from, to])
    const [answer] = await scripts.run(ALIKE, [{ keys, args: [] }], signal)
    if (!Buffer.isBuffer(answer) || answer.length === 0) break
    for (const digest of answer.toString('latin1').split(' ')) {
      digests.push(digest === '-' ? undefined : `${DIGEST_PREFIX}${digest}`)
    }
  }
  return digests
}
