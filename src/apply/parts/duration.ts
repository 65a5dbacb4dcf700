/** `15m`, `90s`, `2h`, `500ms`: a length of time as a flag takes it. Pure. */
import { RekeyError } from '../../record/errors.ts'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds. Throws E_USAGE that names the flag. */
export function durationMs(flag: string, text: string, leastMs: number): number {
  const [, count = '', unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? []
  const ms = Number(count) * (UNITS_MS[unit] ?? Number.NaN)
  if (ms >= leastMs) return ms
  const least = leastMs % 1000 === 0 ? `${leastMs / 1000}s` : `${leastMs}ms`
  throw new RekeyError(
    'E_USAGE',
    `--${flag} takes a length of time of ${least} or more, as 90s or 15m; "${text}" is none`,
  )
}
