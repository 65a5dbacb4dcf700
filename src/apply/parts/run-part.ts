/**
 * One part under its lease: from the records that no journal settles yet to the finished journal and the witness.
 * Nothing is written once the lease is lost, and what is written stands under a name that nobody else has written.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Context } from '../../stage/stage.ts'
import type { LeaseRecord } from '../../store/lease/contract.ts'
import type { Lease } from '../../store/lease/held.ts'
import { endError, judgeEnd } from './command-end.ts'
import { Journal } from './journal.ts'
import type { Expected } from './manifest.ts'
import { PartInput } from './part-input.ts'
import type { PartPlace, PartState } from './place.ts'
import { runCommand } from './run-command.ts'
import type { Witness } from './witness.ts'
import { countJournal, hasBadRecords, setAside } from './witness.ts'

export interface PartJob {
  readonly place: PartPlace
  readonly name: string
  readonly expected: Expected | undefined
  readonly command: readonly string[]
  /** how often a part may fail before it is set aside */
  readonly attempts: number
  readonly worker: string
}

/** A job under a lease. */
interface Turn extends PartJob {
  readonly lease: Lease
  readonly context: Context
  /** ISO 8601 UTC */
  readonly started: string
}

/** The witness of a part that is through; undefined when it is not, and may be taken up again by anybody. */
export async function runPart(job: PartJob, lease: Lease, context: Context): Promise<Witness | undefined> {
  try {
    const state = await job.place.look(job.name)
    if (state.done || state.failed || !state.part || context.stop.aborted) return undefined
    const started = new Date(context.now()).toISOString()
    return await attempt({ ...job, lease, context, started }, state)
  } finally {
    // Nothing where it was given back with another count of failures, or is lost.
    await lease.release().catch(() => {})
  }
}

async function attempt(turn: Turn, state: PartState): Promise<Witness | undefined> {
  const { name, lease, context } = turn
  const before = beforeUs(name, lease)
  if (lease.takenFrom !== undefined) context.warn(`${before} (${lease.attempts} of ${turn.attempts} attempts)`)
  // Where the finished journal stands only the witness is lacking, and no command runs.
  if (lease.attempts >= turn.attempts && !state.journal) {
    return await putAside(turn, new RekeyError('E_COMMAND', before), lease.attempts)
  }
  try {
    return await work(turn, state)
  } catch (thrown) {
    const error = toRekeyError(thrown)
    if (error.code !== 'E_COMMAND' && error.code !== 'E_CHANGED') throw error
    return await failed(turn, error, lease.attempts + 1)
  }
}

async function work(turn: Turn, state: PartState): Promise<Witness | undefined> {
  const { place, name, expected, lease, context } = turn
  const input = await PartInput.fetch(place, name, expected, context)
  const journal = new Journal(place, name, lease, context)
  try {
    const accounts = state.segments.length > 0 ? await input.accounts() : undefined
    if (accounts !== undefined) await journal.restore(state, accounts)
    const open = accounts?.open ?? input.sum.count
    // Where the finished journal stands, a holder before us has come as far as that.
    if (open > 0 && !state.journal && !(await runToEnd(turn, input.openLines(accounts), journal))) return undefined
    return await finish(turn, state, input, journal)
  } finally {
    journal.close()
    input.close()
  }
}

/** Whether the command has come to its end. Throws E_COMMAND where it has failed, E_USAGE where it cannot be run. */
async function runToEnd(
  { place, name, command, lease, context }: Turn,
  input: AsyncIterable<Uint8Array>,
  journal: Journal,
): Promise<boolean> {
  const file = await journal.descriptor()
  const intents = place.pathOf(place.keyOf({ name, kind: 'intents' }))
  const env = {
    REKEY_PART: name,
    REKEY_TOKEN: String(lease.token),
    REKEY_ATTEMPT: String(lease.attempts + 1),
    REKEY_JOURNAL: file === undefined ? '/dev/null' : '/dev/fd/3',
    ...(intents !== undefined && { REKEY_INTENTS: intents }),
  }
  const ended = await runCommand({ words: command, env, file, input }, lease, journal, context)
  const hasEndedWell = judgeEnd(ended, journal.hasTaken) === 'well'
  await journal.end(hasEndedWell)
  if (lease.lost.aborted) {
    context.warn(`${name}: the lease was lost, so the command was ended; another worker goes on with it`)
    return false
  }
  if (!hasEndedWell && !context.stop.aborted && !lease.warned.aborted) throw endError(name, ended, journal.hasTaken)
  return hasEndedWell
}

async function finish(turn: Turn, state: PartState, input: PartInput, journal: Journal): Promise<Witness | undefined> {
  const { place, name, lease, context } = turn
  const key = place.keyOf({ name, kind: 'journal' })
  let counted = await countJournal(() => journal.stream(), input)
  if (counted.counts['planned'] !== undefined) throw onlyPlanned(name)
  if (counted.counts.missing > 0 && !state.journal && (context.stop.aborted || lease.warned.aborted)) {
    // A command that ends well although it was told to end has not seen the rest.
    await journal.flush()
    return undefined
  }
  // There must be time enough for the two writes that follow.
  if (!lease.isFresh && !(await lease.renew())) return undefined
  if (!(await publish(place, key, journal, counted.bytes))) {
    // What a holder before us has written is whole.
    counted = await countJournal(() => place.bytes(key), input)
  }
  const witness: Witness = {
    ...aboutPart(turn),
    ...(lease.attempts > 0 && { attempts: lease.attempts }),
    outcome: 'done',
    digest: input.digest,
    counts: counted.counts,
    journal: key,
    journalDigest: counted.digest,
  }
  if (!lease.isHeld) return undefined
  const isOurs = await place.createText(place.keyOf({ name, kind: 'done' }), `${JSON.stringify(witness)}\n`)
  // Of a part that is done nobody wants the lease.
  await Promise.all([lease.release(0).catch(() => {}), clear(place, name, state, journal)])
  if (!isOurs) return undefined
  if (hasBadRecords(witness)) context.foundBad()
  return witness
}

/** False when the finished journal is there. Where it cannot be written, what waits goes into a segment if it can. */
async function publish(place: PartPlace, key: string, journal: Journal, sizeBytes: number): Promise<boolean> {
  try {
    return await place.create(key, { body: () => journal.stream(), sizeBytes })
  } catch (thrown) {
    await journal.flush().catch(() => {})
    throw thrown
  }
}

/** The segments that were there, and ours. */
async function clear(place: PartPlace, name: string, state: PartState, journal: Journal): Promise<void> {
  if (state.segments.length === 0 && journal.segments === 0) return
  await place.clear(await place.look(name).catch(() => state))
}

async function failed(turn: Turn, error: RekeyError, attempts: number): Promise<Witness | undefined> {
  const { lease, context } = turn
  if (!lease.isHeld) return undefined
  context.warn(`${error.code}: ${error.message} (${attempts} of ${turn.attempts} attempts)`)
  if (attempts >= turn.attempts) return await putAside(turn, error, attempts)
  await lease.release(attempts)
  return undefined
}

async function putAside(turn: Turn, error: RekeyError, attempts: number): Promise<Witness | undefined> {
  const { place, name, lease } = turn
  const witness = setAside({ ...aboutPart(turn), attempts }, error)
  const isOurs = await place.createText(place.keyOf({ name, kind: 'failed' }), `${JSON.stringify(witness)}\n`)
  // Whoever takes that file away wants the part to be tried anew.
  await lease.release(0)
  return isOurs ? witness : undefined
}

function aboutPart({ place, name, worker, started, lease, context }: Turn) {
  return {
    store: place.store.location,
    key: place.keyOf({ name, kind: 'part' }),
    part: name,
    host: context.process.host,
    worker,
    token: lease.token,
    started,
    ended: new Date(context.now()).toISOString(),
  }
}

/** Why a part that is taken up has failed before. */
function beforeUs(part: string, { takenFrom, attempts }: Lease): string {
  if (takenFrom === undefined) return `${part}: it has failed ${attempts} times`
  return `${part}: ${whoHeld(takenFrom)} died or lost the lease before it was through`
}

export function whoHeld({ worker_id, host }: LeaseRecord): string {
  return host === undefined ? `worker ${worker_id}` : `worker ${worker_id} on ${host}`
}

/** What a rehearsal says must not stand as the part's journal, for then nobody would ever do it. */
function onlyPlanned(name: string): RekeyError {
  const message = `${name}: the command has planned and done nothing, so no part is done; to try it out, give it one part: copy-apply --dry-run < ${name}.ndjson`
  return new RekeyError('E_USAGE', message)
}
