/**
 * The servers behind a location, and which of them has a key. Standalone there is one; in a cluster the masters share
 * the slots. Never sends a request to a second server when the first has refused it.
 */
import type { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Answer, Request } from './connection.ts'
import { Link } from './link.ts'
import { slotOf } from './slot.ts'

export interface Servers {
  /** whether keys of one call may belong to different slots, so that no command may name two of them */
  readonly isCluster: boolean
  /** every server that holds keys; throws what keeps it from being found out */
  masters(): Promise<readonly Link[]>
  /** the link to each key's server, or why it is not known */
  linksOf(keys: readonly Key[]): Promise<readonly (Link | RekeyError)[]>
  /** an answer says that a slot has moved: what is known of the slots is looked up anew before the next call */
  forgetSlots(): void
  close(): Promise<void>
}

/** A single server, or the one that is asked as if it were one. */
export function standalone(link: Link): Servers {
  const links = [link]
  return {
    isCluster: false,
    masters: async () => links,
    linksOf: async (keys) => keys.map(() => link),
    forgetSlots: () => {},
    close: () => link.close(),
  }
}

/** Sends each request to the server of the key beside it, one write a server. One answer each, in order; never throws. */
export async function sendByKey(
  servers: Servers,
  keys: readonly Key[],
  requests: readonly Request[],
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  if (!servers.isCluster) {
    const [link] = (await servers.masters()) as readonly [Link]
    return link.send(requests, signal)
  }
  const links = await servers.linksOf(keys)
  const answers: Answer[] = new Array(requests.length)
  const byLink = placesBy(links)
  await Promise.all(
    Array.from(byLink, async ([link, places]) => {
      const some =
        link instanceof Link
          ? await link.send(
              places.map((at) => requests[at] as Request),
              signal,
            )
          : places.map(() => link)
      places.forEach((at, nth) => {
        answers[at] = some[nth] as Answer
      })
    }),
  )
  noticeMoves(servers, answers)
  return answers
}

/** Sends requests about one key together with those of the other calls of this turn. Never throws. */
export async function sendSoon(
  servers: Servers,
  key: Key,
  requests: readonly Request[],
  signal: AbortSignal,
): Promise<readonly Answer[]> {
  const [link] = await servers.linksOf([key])
  if (!(link instanceof Link)) return requests.map(() => link as RekeyError)
  const answers = await link.sendSoon(requests, signal)
  noticeMoves(servers, answers)
  return answers
}

/** The places of keys that one command may name together: all of them, or in a cluster those of each slot. */
export function together(servers: Servers, keys: readonly Key[]): readonly (readonly number[])[] {
  if (!servers.isCluster) return keys.length === 0 ? [] : [Array.from(keys.keys())]
  return [...placesBy(keys.map(slotOf)).values()]
}

/** The places at which each value stands. */
function placesBy<T>(values: readonly T[]): Map<T, number[]> {
  const places = new Map<T, number[]>()
  values.forEach((value, at) => {
    const known = places.get(value)
    if (known === undefined) places.set(value, [at])
    else known.push(at)
  })
  return places
}

function noticeMoves(servers: Servers, answers: readonly Answer[]): void {
  if (servers.isCluster && answers.some(isAboutSlots)) servers.forgetSlots()
}

function isAboutSlots(answer: Answer): boolean {
  const code = answer instanceof Error && 'code' in answer ? answer.code : undefined
  return code === 'E_BUSY' || code === 'E_CONNECTION' || code === 'E_TIMEOUT' || code === 'E_READONLY'
}
