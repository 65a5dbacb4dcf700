/**
 * The command of one part, from its start to its end: fed with the open records, its output kept in the journal. It is
 * told to end when the run is stopped or a heartbeat is overdue, and killed when the lease is lost.
 */
import type { Ended, Running } from '../../stage/command.ts'
import type { Context } from '../../stage/stage.ts'
import type { Lease } from '../../store/lease/held.ts'
import type { Journal } from './journal.ts'

export interface PartCommand {
  readonly words: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly file: number | undefined
  readonly input: AsyncIterable<Uint8Array>
}

/** How long a command that was told to end may take for it. */
const GRACE_MS = 60_000

/** Throws E_USAGE when there is no such command, and what kept the journal from being written. */
export async function runCommand(
  { input, ...command }: PartCommand,
  lease: Lease,
  journal: Journal,
  context: Context,
): Promise<Ended> {
  const running = await context.start({ ...command, endsAtMs: lease.endsAtMs })
  lease.onRenewed = () => running.allow(lease.endsAtMs)
  const end = endings(running, lease, journal, context)
  try {
    const fed = feed(running, input, () => !end.isTold)
    for await (const chunk of running.output) await journal.write(chunk)
    await fed
    return await running.ended
  } catch (thrown) {
    running.kill()
    throw thrown
  } finally {
    lease.onRenewed = () => {}
    end.clear()
  }
}

/** What ends a command before its input does. */
function endings(running: Running, lease: Lease, journal: Journal, context: Context) {
  let isTold = false
  let grace: NodeJS.Timeout | undefined
  const kill = () => running.kill()
  const tell = () => {
    if (!isTold) running.stop()
    isTold = true
    grace ??= setTimeout(kill, GRACE_MS)
  }
  const causes: readonly (readonly [AbortSignal, () => void])[] = [
    [context.stop, tell],
    [lease.warned, tell],
    [journal.failed, tell],
    [lease.lost, kill],
  ]
  for (const [signal, act] of causes) {
    if (signal.aborted) act()
    else signal.addEventListener('abort', act, { once: true })
  }
  return {
    get isTold() {
      return isTold || lease.lost.aborted
    },
    clear() {
      clearTimeout(grace)
      for (const [signal, act] of causes) signal.removeEventListener('abort', act)
    },
  }
}

async function feed(running: Running, input: AsyncIterable<Uint8Array>, goesOn: () => boolean): Promise<void> {
  for await (const chunk of input) if (!goesOn() || !(await running.write(chunk))) break
  running.end()
}
