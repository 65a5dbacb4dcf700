/**
 * Pairs of small hashes, compared by the client: two plain commands and the bytes of two answers cost the server half of
 * what a script that reads both takes. Holds the answers of one portion.
 */
import type { Pair } from '../contract.ts'
import type { Answer, Request } from './connection.ts'
import { HashDigests, MAX_FIELDS } from './hash-digest.ts'
import type { Link } from './link.ts'

/** How much a portion is meant to bring. */
const PORTION_BYTES = 256 * 1024

/**
 * However small the last ones were, the next can be large, and a server holds the replies to all that it was sent at
 * once: with `maxmemory` it would make room for them by evicting keys.
 */
const MOST_PAIRS = 64

/** How many pairs are asked for while it is not known how large they are, or whether they are hashes. */
const FIRST_PAIRS = 16

/** When fewer than this part of a portion are hashes, the others are for the script. */
const LEAST_HASHES = 7 / 8

/** The digest of a pair that is alike, undefined for one that is not, `unread` where nothing was found out. */
export type HashesAlike = string | undefined | 'unread'

export class AlikeHashes {
  readonly #digests = new HashDigests()
  /** how many pairs the next portion asks for */
  #pairs = FIRST_PAIRS

  /** One answer per pair, in order. Never throws. */
  async compare(link: Link, pairs: readonly Pair[], signal: AbortSignal): Promise<readonly HashesAlike[]> {
    const found: HashesAlike[] = []
    while (found.length < pairs.length) {
      const portion = pairs.slice(found.length, found.length + this.#pairs)
      const digests = await this.#digestsOf(link, portion, signal)
      found.push(...digests)
      const unread = digests.filter((digest) => digest === 'unread').length
      if (unread <= portion.length * (1 - LEAST_HASHES)) continue
      this.#pairs = FIRST_PAIRS
      break
    }
    const alike = (await mayExpire(link, signal)) ? await withSameExpiry(link, pairs, found, signal) : found
    return pairs.map((_, at) => (at < alike.length ? alike[at] : 'unread'))
  }

  /** Compares the replies where they stand: a view of each would cost more than its bytes. */
  async #digestsOf(link: Link, pairs: readonly Pair[], signal: AbortSignal): Promise<readonly HashesAlike[]> {
    const digests = new Array<HashesAlike>(pairs.length).fill('unread')
    let most = 1
    let here: Buffer = NOTHING
    let [hereStart, hereEnd, hereNth] = [0, 0, -1]
    await link.send(pairs.flatMap(contentRequests), signal, (bytes, start, end, nth) => {
      // Where one side was answered by an error, what came before is of another pair.
      if (nth % 2 === 1 && hereNth === nth - 1) {
        const isSame = here.compare(bytes, start, end, hereStart, hereEnd) === 0
        const digest = this.#digests.digest(here, hereStart, hereEnd)
        // Equal contents can come in another order.
        const isAlike = isSame || digest === this.#digests.digest(bytes, start, end)
        digests[hereNth / 2] = digest === undefined ? 'unread' : isAlike ? digest : undefined
        most = Math.max(most, hereEnd - hereStart + end - start)
      }
      here = bytes
      hereStart = start
      hereEnd = end
      hereNth = nth
      return null
    })
    this.#pairs = Math.max(1, Math.min(MOST_PAIRS, Math.floor(PORTION_BYTES / most)))
    return digests
  }
}

const NOTHING = Buffer.alloc(0)

/**
 * The two contents come one behind the other. As many fields as are asked for are all of a hash that has fewer, in its own
 * order as HGETALL gives them, and no more than that of a large one.
 */
function contentRequests({ from, to }: Pair): readonly Request[] {
  return [
    ['HRANDFIELD', from, FIELDS_ASKED, 'WITHVALUES'],
    ['HRANDFIELD', to, FIELDS_ASKED, 'WITHVALUES'],
  ]
}

const FIELDS_ASKED = String(MAX_FIELDS + 1)

/** Whether a key of the server expires, or it does not tell. */
async function mayExpire(link: Link, signal: AbortSignal): Promise<boolean> {
  const [keyspace] = await link.send([['INFO', 'keyspace']], signal)
  return !Buffer.isBuffer(keyspace) || /expires=[1-9]/.test(keyspace.toString('latin1'))
}

/** The digests of those pairs, the first ones, that also expire at once; a key that has just expired is not there any more. */
async function withSameExpiry(
  link: Link,
  pairs: readonly Pair[],
  digests: readonly HashesAlike[],
  signal: AbortSignal,
) {
  const requests = pairs.slice(0, digests.length).flatMap(({ from, to }): Request[] => [
    ['PEXPIRETIME', from],
    ['PEXPIRETIME', to],
  ])
  const expiries = await link.send(requests, signal)
  return digests.map((digest, at) => {
    const together = expireTogether(expiries[2 * at], expiries[2 * at + 1])
    return together === undefined ? 'unread' : together ? digest : undefined
  })
}

/** By two answers to PEXPIRETIME: not where one is gone by now; undefined where the server does not tell. Pure. */
export function expireTogether(here: Answer | undefined, there: Answer | undefined): boolean | undefined {
  if (typeof here !== 'number' || typeof there !== 'number') return undefined
  return here === there && here !== ABSENT
}

const ABSENT = -2
