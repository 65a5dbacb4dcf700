/**
 * SIGINT, SIGTERM and SIGHUP: the first stops the intake, the second ends everything at once. Under nohup SIGHUP says
 * nothing; node forgets that it was to be ignored, so that the shell's `_` has to tell.
 */
import { constants } from 'node:os'
import process, { env } from 'node:process'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof SIGNALS)[number]

export class Signals {
  /** the first signal that came */
  received: StopSignal | undefined
  readonly #onSignal: (signal: StopSignal) => void

  constructor(onFirst: (signal: StopSignal) => void) {
    this.#onSignal = (signal) => {
      if (signal === 'SIGHUP' && /(?:^|\/)nohup$/.test(env._ ?? '')) return
      if (this.received !== undefined) {
        this.release()
        process.kill(process.pid, signal)
        return
      }
      this.received = signal
      onFirst(signal)
    }
    for (const name of SIGNALS) process.on(name, this.#onSignal)
  }

  /** Signals end the process again, as they do by default. */
  release(): void {
    for (const name of SIGNALS) process.off(name, this.#onSignal)
  }
}

export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal]
}
