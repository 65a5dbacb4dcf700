/**
 * Whether destinations hold all that their sources hold, after a merge: the members of a set or sorted set, the fields of
 * a hash. What both have may differ in value or score, because a merge leaves the destination its own.
 */
import { RekeyError } from '../../record/errors.ts'
import type { Pair } from '../contract.ts'
import type { Ask } from './ask.ts'
import { asker } from './ask.ts'
import type { Reply, Request } from './connection.ts'
import { digestsByClient } from './digest.ts'
import { scanned } from './long-digest.ts'
import type { Servers } from './servers.ts'

const PORTION = 500

/** One answer per pair, in order; never throws. A source that is gone is not included in anything. */
export async function includes(
  servers: Servers,
  pairs: readonly Pair[],
  signal: AbortSignal,
): Promise<readonly (boolean | RekeyError)[]> {
  const ask = asker(servers, signal)
  const keys = pairs.flatMap(({ from, to }) => [from, to])
  const types = await ask(
    keys,
    keys.map((key): Request => ['TYPE', key]),
  )
  return Promise.all(
    pairs.map(async (pair, at) => {
      const [here, there] = [types[at * 2], types[at * 2 + 1]]
      if (here instanceof RekeyError) return here
      if (there instanceof RekeyError) return there
      if (String(here) !== String(there) || String(here) === 'none') return false
      try {
        return await includesOne(String(here), pair, ask)
      } catch (thrown) {
        if (thrown instanceof RekeyError) return thrown
        throw thrown
      }
    }),
  )
}

async function includesOne(type: string, { from, to }: Pair, ask: Ask): Promise<boolean> {
  const question = QUESTIONS[type]
  if (question === undefined) return sameContent(from, to, ask)
  const one = async (...request: Request) => answered(await ask([from], [request]))
  let portion: Buffer[] = []
  const isIncluded = async () => {
    const members = portion
    portion = []
    return members.length === 0 || question.includes(answered(await ask([to], [[question.command, to, ...members]])))
  }
  for await (const [member] of scanned(type, from, one)) {
    portion.push(member)
    if (portion.length >= PORTION && !(await isIncluded())) return false
  }
  return isIncluded()
}

/** What asks for several members at once, and whether its answer names them all. */
const QUESTIONS: Readonly<Record<string, { readonly command: string; includes(reply: Reply): boolean }>> = {
  hash: { command: 'HMGET', includes: (reply) => (reply as Reply[]).every((value) => value !== null) },
  set: { command: 'SMISMEMBER', includes: (reply) => (reply as Reply[]).every((value) => value === 1) },
  zset: { command: 'ZMSCORE', includes: (reply) => (reply as Reply[]).every((value) => value !== null) },
}

async function sameContent(from: Pair['from'], to: Pair['to'], ask: Ask): Promise<boolean> {
  const [here, there] = await digestsByClient([from, to], ask)
  if (here instanceof RekeyError) throw here
  if (there instanceof RekeyError) throw there
  return here !== undefined && here === there
}

function answered(answers: Awaited<ReturnType<Ask>>): Reply {
  const [answer] = answers
  if (answer instanceof RekeyError) throw answer
  return answer ?? null
}
