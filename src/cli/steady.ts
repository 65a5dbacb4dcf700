/**
 * A clock that nobody sets and that goes on while the machine sleeps, for which the time since the machine was started
 * is asked; where that is only told to the second, or moves with the date, the other clock counts.
 */
import { uptime } from 'node:os'

const STARTED_MS = uptime() * 1000
const BEGUN_MS = performance.now()

/** Milliseconds since this process was started, a little more or less. */
export function steady(): number {
  return Math.max(performance.now() - BEGUN_MS, uptime() * 1000 - STARTED_MS)
}

/** The same moment by the machine's time since it was started, seconds, as another process reads it. */
export function asUptime(steadyMs: number): number {
  return (STARTED_MS + steadyMs) / 1000
}
