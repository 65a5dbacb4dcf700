/**
 * Writes that happen only while a key is still what it was: compared and written in one script, and between WATCH and
 * EXEC where scripts are not permitted or the content is large. Never writes after a comparison that something could
 * have overtaken.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { sameKey } from '../../record/key.ts'
import type { Outcome, Pair, Target } from '../contract.ts'
import { DIGEST_PREFIX } from './canonical.ts'
import type { Connection, Reply, Request } from './connection.ts'
import type { Describer } from './describe.ts'
import { isDescription } from './describe.ts'
import { digestsByClient } from './digest.ts'
import { DIGEST_LUA } from './digest-lua.ts'
import { Link } from './link.ts'
import { DONE, failed, GONE, outcomeOf, REPLACED } from './outcomes.ts'
import type { Scripts } from './scripts.ts'
import { cannotScript, script } from './scripts.ts'
import type { Servers } from './servers.ts'
import { together } from './servers.ts'
import { slotOf } from './slot.ts'

/** What a guarded write does to its key, as a command whose first key is the one that is guarded or the source. */
interface Step {
  /** the key that must be as expected */
  readonly key: Key
  readonly digest: string
  /** must be there in the same moment */
  readonly witness?: Key
  readonly request: Request
  readonly done: Outcome
}

/**
 * Keys in pairs, each with its witness, or itself where it has none: removes each whose digest is the argument beside it and
 * whose witness is there; stops when the call has read enough.
 */
const REMOVE = script(`${DIGEST_LUA}
local found = {}
for at = 1, #ARGV do
  local key, witness = KEYS[2 * at - 1], KEYS[2 * at]
  local now = digest(key)
  if now == 'later' then break end
  if now == nil then found[at] = 'gone'
  elseif now == 'long' then found[at] = 'long'
  elseif now ~= ARGV[at] then found[at] = 'changed'
  elseif call('EXISTS', witness) == 0 then found[at] = 'alone'
  else
    call('UNLINK', key)
    found[at] = 'done'
  end
end
return found
`)

const ALONE =
  'cannot go: its copy, or what it is a copy of, is not there any more; verify again, and then run delete-apply again'

/** Carries out the command that ARGV holds behind the digest, while KEYS[1] has that digest. */
const WRITE = script(`${DIGEST_LUA}
local now = digest(KEYS[1])
if now == 'long' then return now end
if now ~= ARGV[1] then return 'changed' end
if redis.call(unpack(ARGV, 2)) == 0 then return 'gone' end
return 'done'
`)

/** verify gives none where a union holds all of its source: they are not the same. */
const NO_DIGEST =
  'has no digest to be recognised by: run verify before delete-apply; what was merged gets none, look at both and delete it by hand'

export class Guarded {
  readonly #servers: Servers
  readonly #scripts: Scripts
  readonly #describer: Describer
  /** one link a server for WATCH alone, and the work on it, one after the other */
  readonly #watching = new Map<Link, { readonly link: Link; last: Promise<unknown> }>()

  constructor(servers: Servers, scripts: Scripts, describer: Describer) {
    this.#servers = servers
    this.#scripts = scripts
    this.#describer = describer
  }

  /** Removes what is still as expected. One outcome per target; never throws. */
  async remove(targets: readonly Target[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = new Array(targets.length)
    let open: number[] = []
    targets.forEach(({ key, expect }, at) => {
      if (expect.digest !== undefined) open.push(at)
      else outcomes[at] = failed('E_UNPROVEN', key, NO_DIGEST)
    })
    while (open.length > 0) open = await this.#removeRound(targets, open, outcomes, signal)
    return outcomes
  }

  /** Writes over what is still as expected: a request for each pair, whose key is `to`. Never throws. */
  async write(
    pairs: readonly Pair[],
    requestOf: (pair: Pair) => Request,
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const changed = await this.#changedTimes(pairs, signal)
    const outcomes = [...changed]
    const open: { readonly at: number; readonly pair: Pair; readonly step: Step }[] = []
    pairs.forEach((pair, at) => {
      if (outcomes[at] !== undefined) return
      const digest = hexOf(pair.expect?.digest)
      const step = digest && { key: pair.to, digest, request: requestOf(pair), done: REPLACED }
      if (step) open.push({ at, pair, step })
      else outcomes[at] = failed('E_UNPROVEN', pair.to, 'has no digest by which it could be recognised')
    })
    const runs = open.map(({ pair: { from, to }, step: { digest, request } }) => ({
      keys: sameKey(from, to) ? [to] : [to, from],
      args: [digest, ...request],
    }))
    const answers = this.#scripts.allowed ? await this.#scripts.run(WRITE, runs, signal) : []
    const settled = await Promise.all(
      open.map(({ step }, nth) => this.#concluded(answers[nth] ?? NOT_PERMITTED, step, signal)),
    )
    open.forEach(({ at }, nth) => {
      outcomes[at] = settled[nth]
    })
    return outcomes as Outcome[]
  }

  async close(): Promise<void> {
    await Promise.all([...this.#watching.values()].map(({ link }) => link.close()))
  }

  async #removeRound(targets: readonly Target[], open: readonly number[], outcomes: Outcome[], signal: AbortSignal) {
    const keys = open.map((at) => targets[at]?.key as Key)
    const witnesses = open.map((at) => this.#witnessOf(targets[at] as Target))
    const digests = open.map((at) => hexOf(targets[at]?.expect.digest) as string)
    const groups = together(this.#servers, keys)
    const answers = this.#scripts.allowed
      ? await this.#scripts.run(
          REMOVE,
          groups.map((group) => ({
            keys: group.flatMap((at) => [keys[at] as Key, witnesses[at] ?? (keys[at] as Key)]),
            args: group.map((at) => digests[at] as string),
          })),
          signal,
        )
      : groups.map(() => NOT_PERMITTED)
    const later: number[] = []
    const work = groups.flatMap((group, g) =>
      group.map(async (nth, at) => {
        const answer = answers[g]
        const place = open[nth] as number
        const word = Array.isArray(answer) ? answer[at] : answer
        if (word === undefined) {
          later.push(place)
          return
        }
        const key = keys[nth] as Key
        const witness = witnesses[nth]
        const digest = digests[nth] as string
        const step: Step = {
          key,
          digest,
          request: ['UNLINK', key],
          done: DONE,
          ...(witness !== undefined && { witness }),
        }
        outcomes[place] = await this.#concluded(word, step, signal)
      }),
    )
    await Promise.all(work)
    return later
  }

  /** The witness, where one step can ask for it: in a cluster only where it has the slot of the key. */
  #witnessOf({ key, witness }: Target): Key | undefined {
    const isNear = witness !== undefined && (!this.#servers.isCluster || slotOf(witness.key) === slotOf(key))
    return isNear ? witness.key : undefined
  }

  /** The outcome of a script's answer; what a script could not do is done under WATCH. */
  async #concluded(answer: Reply | RekeyError | undefined, step: Step, signal: AbortSignal): Promise<Outcome> {
    if (answer instanceof RekeyError && !cannotScript(answer)) return outcomeOf(answer, step.key)
    const word = Buffer.isBuffer(answer) ? answer.toString('latin1') : 'long'
    if (word === 'done') return step.done
    if (word === 'gone') return GONE
    if (word === 'alone') return failed('E_UNPROVEN', step.key, ALONE)
    if (word === 'changed') return failed('E_CHANGED', step.key, 'is no longer what it was when it was looked at')
    return this.#underWatch(step, signal)
  }

  async #underWatch(step: Step, signal: AbortSignal): Promise<Outcome> {
    const [server] = await this.#servers.linksOf([step.key])
    if (!(server instanceof Link)) return outcomeOf(server as RekeyError, step.key)
    const watching = this.#watching.get(server) ?? { link: server.twin(), last: Promise.resolve() }
    this.#watching.set(server, watching)
    const outcome = watching.last.then(() => watched(watching.link, step, signal))
    watching.last = outcome
    return outcome
  }

  /** E_CHANGED for each destination whose time is another than expected; the digest may be younger than that time. */
  async #changedTimes(pairs: readonly Pair[], signal: AbortSignal): Promise<readonly (Outcome | undefined)[]> {
    if (pairs.every((pair) => pair.expect?.mtimeMs === undefined)) return pairs.map(() => undefined)
    const described = await this.#describer.describe(
      pairs.map((pair) => pair.to),
      signal,
    )
    return pairs.map((pair, at) => {
      const now = described[at]
      if (now instanceof RekeyError) return outcomeOf(now, pair.to)
      const mtimeMs = isDescription(now) ? now.mtimeMs : undefined
      if (pair.expect?.mtimeMs === undefined || pair.expect.mtimeMs === mtimeMs) return undefined
      return failed('E_CHANGED', pair.to, 'is no longer what it was when it was looked at')
    })
  }
}

/** Stands for the answer of a script that was not even sent. */
const NOT_PERMITTED = new RekeyError('E_DENIED', 'scripts are not permitted')

async function watched(link: Link, step: Step, signal: AbortSignal): Promise<Outcome> {
  const { key, digest, witness = key, request, done } = step
  let connection: Connection
  try {
    connection = await link.connect()
  } catch (thrown) {
    return { outcome: 'failed', error: toRekeyError(thrown) }
  }
  // All on this one connection: another would not know what is watched, and EXEC would go through.
  const [watch] = await connection.send([['WATCH', key, witness]], signal)
  if (watch instanceof RekeyError) return { outcome: 'failed', error: watch }
  const [now] = await digestsByClient([key], (_, requests) => connection.send(requests, signal))
  if (now !== `${DIGEST_PREFIX}${digest}`) {
    await connection.send([['UNWATCH']], signal)
    if (now instanceof RekeyError) return { outcome: 'failed', error: now }
    if (now === undefined && request[0] === 'UNLINK') return GONE
    return failed('E_CHANGED', key, 'is no longer what it was when it was looked at')
  }
  const [there] = await connection.send([['EXISTS', witness]], signal)
  if (there !== 1) {
    await connection.send([['UNWATCH']], signal)
    return there instanceof RekeyError ? { outcome: 'failed', error: there } : failed('E_UNPROVEN', key, ALONE)
  }
  // By itself: what is sent behind a MULTI that is refused is carried out at once, whatever has become of the key.
  const [begun] = await connection.send([['MULTI']], signal)
  if (begun instanceof RekeyError) {
    await connection.send([['UNWATCH']], signal)
    return { outcome: 'failed', error: begun }
  }
  const answers = await connection.send([request, ['EXEC']], signal)
  const refused = answers.find((answer) => answer instanceof RekeyError)
  if (refused instanceof RekeyError) return outcomeOf(refused, key)
  const replies = answers[1]
  if (!Array.isArray(replies)) return failed('E_CHANGED', key, 'has been changed while it was looked at')
  const [reply] = replies as readonly Reply[]
  if (reply instanceof Error) return failed('E_STORE', key, reply.message)
  return reply === 0 ? GONE : done
}

/** The digest without its prefix, undefined when there is none; one that is not ours is left whole, and equals nothing. */
function hexOf(digest: string | undefined): string | undefined {
  return digest?.startsWith(DIGEST_PREFIX) ? digest.slice(DIGEST_PREFIX.length) : digest
}
