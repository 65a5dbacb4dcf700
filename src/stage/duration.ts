/** Times as flags and people have them: `30s`, `15m`, `1h`; `1 h 20 min`. */
import { RekeyError } from '../record/errors.ts'
import type { Arguments } from './tool.ts'
import { text } from './tool.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds; a number alone is seconds. Undefined for what is no time, and for none at all. */
export function durationMs(words: string): number | undefined {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(words) ?? []
  const ms = amount === undefined ? 0 : Math.round(Number(amount) * (UNIT_MS[unit] as number))
  return ms > 0 && ms <= MAX_TIMER_MS ? ms : undefined
}

/**
 * The time of a flag, milliseconds; undefined where it was not given. Throws E_USAGE, naming the flag; `hint` says what
 * else may be meant.
 */
export function timeOf(args: Arguments, name: string, leastMs = 1, hint = (_given: string) => ''): number | undefined {
  const given = text(args, name)
  if (given === undefined) return undefined
  const ms = durationMs(given)
  if (ms !== undefined && ms >= leastMs) return ms
  const least = leastMs > 1 ? ` of ${leastMs / 1000}s or more` : ''
  throw new RekeyError(
    'E_USAGE',
    `--${name} takes a time${least} as in 30, 90s, 15m, 1h; "${given}" is none${hint(given)}`,
  )
}

/** The longest that node's timers wait: some 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The two largest units: `1 h 20 min`, `3 d 4 h`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
