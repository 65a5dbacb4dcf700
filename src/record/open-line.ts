/**
 * Lines of the usual kind, read without making objects of them: flat, with store and key in front as list-keys writes
 * them, nothing escaped, and behind that no word on what became of the key but the new key of rewrite-keys and the `done`
 * of copy-apply. All other lines are for JSON.parse.
 */
import type { OpenRecord } from './deciding.ts'
import { DECIDES } from './deciding.ts'
import type { Line } from './line.ts'
import type { KeyRecord, OutcomeWord } from './record.ts'

/** The fields that such a line has only at its end. */
const DECIDING = Object.entries(DECIDES).flatMap(([name, decides]) => (decides ? [name] : []))

const CHARS = '[^"\\\\\\x00-\\x1f]*'
const NAME = `"(?!(?:${DECIDING.join('|')})")${CHARS}"`
const NUMBER = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][-+]?\\d+)?'
const VALUE = `(?:"${CHARS}"|${NUMBER}|true|false|null)`
const DONE = `,"outcome":"done"(?:,"toEtag":"(${CHARS})")?(?:,"ms":(0|[1-9]\\d{0,14}),"at":"(${CHARS})")?`
const OTHERS = `(?:,${NAME}:${VALUE})*`
const END = '\\}(?:\\n|$)'
const LINE = `\\{(?:"store":"(${CHARS})",)?"key":"(${CHARS})"${OTHERS}(?:,"to":"(${CHARS})"(${DONE})?)?${END}`

/** Behind so many lines in a row as list-keys prints them of one store, the next ones are first tried for such a line. */
const STREAK = 100

/** A pattern remembers as much as it may have to go back to, so it is not for long texts. */
const MAX_CHARS = 256 * 1024

/** A line whose record is made when it is asked for. */
class OpenLine implements Line {
  text: string
  open: OpenRecord | undefined
  readonly cameAs: OutcomeWord | undefined
  #record: KeyRecord | undefined

  constructor(text: string, open: OpenRecord) {
    this.text = text
    this.open = open
    this.cameAs = open.outcome
  }

  get record(): KeyRecord {
    // Who has the record may change it, so from now on it is what counts.
    this.open = undefined
    this.#record ??= JSON.parse(this.text) as KeyRecord
    return this.#record
  }
}

export class OpenLineReader {
  readonly #pattern = new RegExp(LINE, 'y')
  #store: string | undefined
  #streak = 0
  #listed: ListedLines | undefined

  /** The line that begins at `start` and ends with a newline or the text; undefined when it is none of this kind. */
  read(text: string, start: number): Line | undefined {
    if (text.length > MAX_CHARS) return undefined
    const listed = this.#listed?.read(text, start)
    if (listed !== undefined) return listed
    this.#listed = undefined
    this.#pattern.lastIndex = start
    const match = this.#pattern.exec(text)
    if (match === null) {
      this.#streak = 0
      return undefined
    }
    const key = match[2] as string
    this.#meet(match[1], match[3] === undefined)
    const store = this.#store
    const outcome = match[4] === undefined ? undefined : 'done'
    const ms = match[6] === undefined ? undefined : Number(match[6])
    const open = openRecord(store, key, match[3], outcome, match[5], ms, match[7])
    return new OpenLine(lineText(text, start, this.#pattern.lastIndex), open)
  }

  /** Notes the store of a line, as the same string as before where it is equal: the next comparisons are free then. */
  #meet(store: string | undefined, isListed: boolean): void {
    if (store !== this.#store || !isListed) this.#streak = 0
    if (store !== this.#store) this.#store = store
    if (store !== undefined && ++this.#streak === STREAK) this.#listed = new ListedLines(store)
  }
}

/** Reads lines as list-keys prints them of one store: for a fifth less, as but the key is to be found in them. */
class ListedLines {
  readonly #store: string
  readonly #pattern: RegExp
  readonly #keyAt: number

  constructor(store: string) {
    const head = `{"store":"${store}","key":"`
    this.#store = store
    this.#keyAt = head.length
    this.#pattern = new RegExp(`${literal(head)}${CHARS}"${OTHERS}${END}`, 'y')
  }

  /** The line that begins at `start`; undefined when it is not such a line. */
  read(text: string, start: number): Line | undefined {
    this.#pattern.lastIndex = start
    if (!this.#pattern.test(text)) return undefined
    const keyStart = start + this.#keyAt
    const key = text.slice(keyStart, text.indexOf('"', keyStart))
    const open = openRecord(this.#store, key)
    return new OpenLine(lineText(text, start, this.#pattern.lastIndex), open)
  }
}

/** With room for what tools add: a field that an object has no room for takes memory of its own, and again each few of them. */
function openRecord(
  store: string | undefined,
  key: string,
  to?: string,
  outcome?: OutcomeWord,
  toEtag?: string,
  ms?: number,
  at?: string,
): OpenRecord {
  return { store, key, to, outcome, toEtag, ms, at } as OpenRecord
}

/** What stands between two places, without the newline at its end. */
function lineText(text: string, start: number, end: number): string {
  return text.slice(start, text.charCodeAt(end - 1) === 0x0a ? end - 1 : end)
}

/** A pattern for a text as it stands. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

/**
 * The value of a member as it stands in the text of an open line, the last of that name, undefined where there is none.
 * Such a line is flat and has nothing escaped, so that a name between quotes and a colon are a member wherever they stand.
 */
export function openMember(text: string, name: string): string | undefined {
  const quoted = `"${name}":`
  const at = text.lastIndexOf(quoted)
  if (at === -1) return undefined
  const start = at + quoted.length
  if (text.charCodeAt(start) === QUOTE) return text.slice(start, text.indexOf('"', start + 1) + 1)
  const comma = text.indexOf(',', start)
  return text.slice(start, comma === -1 ? text.length - 1 : comma)
}

const QUOTE = 0x22
