/** SIGINT and SIGTERM: the first stops the intake, the second ends everything at once. */
import { constants } from 'node:os'
import process from 'node:process'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
export type StopSignal = (typeof SIGNALS)[number]

export class Signals {
  /** the first signal that came */
  received: StopSignal | undefined
  readonly #onSignal: (signal: StopSignal) => void

  constructor(onFirst: (signal: StopSignal) => void) {
    this.#onSignal = (signal) => {
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
