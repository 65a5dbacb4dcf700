/**
 * What a tool says on stderr: messages, the counts line and the progress line.
 *
 * The tools of one pipeline share a terminal. Only a tool whose stdout is no pipe, the last of its pipeline, redraws a
 * line in place, and only where its records do not go to the terminal too; any other prints whole lines when it is asked to by --progress. And whoever prints a whole line
 * clears the one on which the cursor stands first, which is another's progress line or empty.
 */
import { fstatSync } from 'node:fs'
import { stderr } from 'node:process'
import { isatty } from 'node:tty'
import type { Tally } from './tally.ts'
import { grouped } from './tally.ts'

export interface MessageSettings {
  readonly tool: string
  readonly quiet: boolean
  readonly json: boolean
  /** true forces progress, false hides it, undefined draws it on a terminal */
  readonly progress: boolean | undefined
  readonly now: () => number
}

const REDRAW_MS = 200
const REPRINT_MS = 5_000
const CLEAR_LINE = '\r\x1b[K'

export class Messages {
  readonly #settings: MessageSettings
  #timer: NodeJS.Timeout | undefined
  #drawn = false

  constructor(settings: MessageSettings) {
    this.#settings = settings
    stderr.on('error', () => {})
  }

  error(message: string, fields: object = {}): void {
    this.#print('error', message, fields)
  }

  tell(message: string): void {
    if (!this.#settings.quiet) this.#print('info', message, {})
  }

  warn(message: string): void {
    if (!this.#settings.quiet) this.#print('warn', message, {})
  }

  /** `used` is what the stores have used of what is paid for, by unit. */
  counts(tally: Tally, elapsedMs: number, used: Readonly<Record<string, number>> = {}): void {
    if (this.#settings.quiet) return
    const counts = { total: tally.total, ...Object.fromEntries(tally.counts) }
    const units = Object.entries(used).map(([unit, amount]) => `${grouped(Math.round(amount * 10) / 10)} ${unit}`)
    const text = [tally.toText(elapsedMs), ...(units.length === 0 ? [] : [`used ${units.join(', ')}`])].join('; ')
    this.#print('info', text, { counts, ms: Math.round(elapsedMs), ...(units.length > 0 && { used }) })
  }

  /** `state` says in a few words how the stores are doing. */
  startProgress(tally: Tally, state: () => string | undefined): void {
    const { progress, quiet, now } = this.#settings
    if (quiet || progress === false || (progress !== true && !stderr.isTTY)) return
    const inPlace = stderr.isTTY === true && !stdoutIsShared() && !this.#settings.json
    if (!inPlace && progress !== true) return
    const started = now()
    const draw = () => {
      const elapsedMs = now() - started
      const rate = Math.round(tally.total / Math.max(elapsedMs / 1000, 0.001))
      const words = [tally.toText(elapsedMs), `${grouped(rate)}/s`, state()]
      const line = words.filter((word) => word !== undefined).join(', ')
      if (!inPlace) this.#print('progress', line, { counts: Object.fromEntries(tally.counts), ms: elapsedMs })
      else this.#drawInPlace(line)
    }
    this.#timer = setInterval(draw, inPlace ? REDRAW_MS : REPRINT_MS)
    this.#timer.unref()
  }

  stopProgress(): void {
    clearInterval(this.#timer)
    if (this.#drawn) stderr.write(CLEAR_LINE)
    this.#drawn = false
  }

  #drawInPlace(line: string): void {
    const text = `${this.#settings.tool}: ${line}`
    stderr.write(`${CLEAR_LINE}${text.slice(0, (stderr.columns || 80) - 1)}`)
    this.#drawn = true
  }

  #print(level: string, message: string, fields: object): void {
    const { tool, json, now } = this.#settings
    const at = new Date(now()).toISOString()
    if (json) stderr.write(`${JSON.stringify({ at, level, tool, message, ...fields })}\n`)
    else stderr.write(`${stderr.isTTY ? CLEAR_LINE : ''}${tool}: ${message}\n`)
  }
}

/** Whether stdout leads to another tool, which may draw, or to the terminal itself, where records would run into it. */
function stdoutIsShared(): boolean {
  const stats = fstatSync(1)
  return stats.isFIFO() || stats.isSocket() || isatty(1)
}
