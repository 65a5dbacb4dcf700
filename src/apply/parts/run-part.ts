/**
 * One part under its lease: from the records that no journal settles yet to the finished journal and the witness.
 * Nothing is written once the lease is lost, and what is written stands under a name that nobody else has written.
 */
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import type { Ended } from '../../stage/command.ts'
import type { Context } from '../../stage/stage.ts'
import type { Lease } from '../../store/lease/held.ts'
import { Accounts } from './accounts.ts'
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

/** The witness of a part that is through; undefined when it is not, and may be taken up again by anybody. */
export async function runPart(job: PartJob, lease: Lease, context: Context): Promise<Witness | undefined> {
  const state = await job.place.look(job.name)
  if (state.done || state.failed || !state.part || context.stop.aborted) {
    await lease.release(lease.attempts)
    return undefined
  }
  const started = new Date(context.now()).toISOString()
  // Whoever takes the record of a failure away wants the part to be tried anew.
  const before = lease.attempts >= job.attempts ? 0 : lease.attempts
  try {
    return await work(job, state, started, lease, context)
  } catch (thrown) {
    const error = toRekeyError(thrown)
    if (error.code !== 'E_COMMAND' && error.code !== 'E_CHANGED') {
      await lease.release(before).catch(() => {})
      throw error
    }
    return await failed(job, error, before + 1, started, lease, context)
  }
}

async function work(
  job: PartJob,
  state: PartState,
  started: string,
  lease: Lease,
  context: Context,
): Promise<Witness | undefined> {
  const { place, name } = job
  const input = await PartInput.fetch(place, name, job.expected, context)
  const journal = await Journal.open(place, name, lease, context)
  try {
    await journal.restore(state, input.accounts)
    // Where the finished journal stands, a holder before us has come as far as that.
    if (input.accounts.open > 0 && !state.journal) {
      const env = {
        REKEY_PART: name,
        REKEY_TOKEN: String(lease.token),
        REKEY_ATTEMPT: String(lease.attempts + 1),
        REKEY_JOURNAL: '/dev/fd/3',
      }
      const command = { words: job.command, env, input: input.openLines() }
      const ended = await runCommand(command, lease, journal, context)
      const endedWell = 'code' in ended && ended.code <= 1
      await journal.end(endedWell)
      if (lease.lost.aborted) {
        context.warn(`${name}: the lease was lost, so the command was ended; another worker goes on with it`)
        return undefined
      }
      if (!endedWell) {
        if (!context.stop.aborted && !lease.warned.aborted) throw commandError(name, ended)
        await lease.release(lease.attempts)
        return undefined
      }
    }
    return await finish(job, state, input, journal, started, lease, context)
  } finally {
    journal.close()
    input.close()
  }
}

async function finish(
  job: PartJob,
  state: PartState,
  input: PartInput,
  journal: Journal,
  started: string,
  lease: Lease,
  context: Context,
): Promise<Witness | undefined> {
  const { place, name } = job
  const key = place.keyOf({ name, kind: 'journal' })
  const recount = async (chunks: AsyncIterable<Uint8Array>) =>
    countJournal(chunks, input.lines, new Accounts(input.accounts))
  let counted = await recount(journal.stream())
  if (counted.counts['planned'] !== undefined) throw onlyPlanned(name)
  if (counted.counts.missing > 0 && !state.journal && (context.stop.aborted || lease.warned.aborted)) {
    // A command that ends well although it was told to end has not seen the rest.
    await lease.release(lease.attempts)
    return undefined
  }
  // Renewed just now, there is time enough for the two writes that follow.
  if (!(await lease.renew())) return undefined
  const body = () => journal.stream()
  if (!(await place.create(key, { body, sizeBytes: counted.bytes }))) {
    // What a holder before us has written is whole.
    const found = await place.read(key)
    if (found !== undefined) counted = await recount(found)
  }
  const witness: Witness = {
    ...aboutPart(job, started, lease, context),
    outcome: 'done',
    digest: input.digest,
    counts: counted.counts,
    journal: key,
    journalDigest: counted.digest,
  }
  if (!lease.isHeld) return undefined
  const isOurs = await place.createText(place.keyOf({ name, kind: 'done' }), `${JSON.stringify(witness)}\n`)
  // Of a part that is done nobody wants the lease.
  await lease.release(0).catch(() => {})
  await place.clear(await place.look(name).catch(() => state))
  if (!isOurs) return undefined
  if (hasBadRecords(witness)) context.foundBad()
  return witness
}

async function failed(
  job: PartJob,
  error: RekeyError,
  attempts: number,
  started: string,
  lease: Lease,
  context: Context,
): Promise<Witness | undefined> {
  const { place, name } = job
  if (!lease.isHeld) return undefined
  context.warn(`${error.code}: ${error.message} (${attempts} of ${job.attempts} attempts)`)
  if (attempts < job.attempts) {
    await lease.release(attempts)
    return undefined
  }
  const witness = setAside({ ...aboutPart(job, started, lease, context), attempts }, error)
  const isOurs = await place.createText(place.keyOf({ name, kind: 'failed' }), `${JSON.stringify(witness)}\n`)
  await lease.release(attempts)
  return isOurs ? witness : undefined
}

function aboutPart({ place, name, worker }: PartJob, started: string, lease: Lease, context: Context) {
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

/** What a rehearsal says must not stand as the part's journal, for then nobody would ever do it. */
function onlyPlanned(name: string): RekeyError {
  const message = `${name}: the command has planned and done nothing, so no part is done; to try it out, give it one part: copy-apply --dry-run < ${name}.ndjson`
  return new RekeyError('E_USAGE', message)
}

function commandError(name: string, ended: Ended): RekeyError {
  const how = 'code' in ended ? `ended with exit code ${ended.code}` : `was ended by ${ended.signal}`
  return new RekeyError('E_COMMAND', `${name}: the command ${how}`)
}
