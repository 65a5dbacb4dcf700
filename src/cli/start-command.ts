/** Starts a command in a process group of its own, under the eyes of the watchdog. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import process, { argv, env } from 'node:process'
import type { Readable, Writable } from 'node:stream'
import { RekeyError } from '../record/errors.ts'
import type { Command, Ended, Running } from '../stage/command.ts'
import type { Watchdog } from './watchdog.ts'

/** Throws E_USAGE when there is no such command. */
export async function startCommand(
  { words, env: added, file, endsAtMs }: Command,
  watchdog: Watchdog,
): Promise<Running> {
  const [name = '', ...args] = words
  // It watches from the command's first moment: this process may be killed in the next.
  watchdog.start()
  const child = spawn(name, args, {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit', ...(file === undefined ? [] : [file])],
    env: { ...env, PATH: pathWithTools(), ...added },
  })
  if (child.pid !== undefined) watchdog.watch(child.pid, endsAtMs)
  const { stdin, stdout } = child as ChildProcess & { readonly stdin: Writable; readonly stdout: Readable }
  let resume = () => {}
  for (const event of ['drain', 'close', 'error']) stdin.on(event, () => resume())
  // Whoever reads the output late must not miss the end.
  const ended = once(child, 'close').then(([code, signal]): Ended => (code === null ? { signal } : { code }))
  ended.catch(() => {})
  try {
    await once(child, 'spawn')
  } catch (thrown) {
    const why = (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such command' : String(thrown)
    throw new RekeyError('E_USAGE', `cannot run ${name}: ${why}`)
  }
  const group = child.pid as number
  ended.then(() => watchdog.forget(group)).catch(() => {})
  return {
    async write(bytes) {
      if (!stdin.writable) return false
      if (!stdin.write(bytes)) {
        await new Promise<void>((resolve) => {
          resume = resolve
        })
      }
      return stdin.writable
    },
    end: () => void stdin.end(),
    output: stdout,
    ended,
    allow: (untilMs) => watchdog.watch(group, untilMs),
    stop: () => signal(group, 'SIGTERM'),
    kill: () => signal(group, 'SIGKILL'),
  }
}

function signal(group: number, name: NodeJS.Signals): void {
  try {
    process.kill(-group, name)
  } catch {
    // It has ended.
  }
}

/** So that the tools find one another also where they are not on the PATH. */
function pathWithTools(): string {
  const script = argv[1]
  const own = script === undefined ? [] : [dirname(realpathSync(script))]
  return [env.PATH ?? '', ...own].join(delimiter)
}
