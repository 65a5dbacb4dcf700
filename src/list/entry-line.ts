/** Entries as the lines that list-keys prints: written at once, the record only made for who asks for it. */
import type { Line } from '../record/line.ts'
import { jsonOf } from '../record/line.ts'
import type { KeyRecord } from '../record/record.ts'
import { keyFields } from '../record/record.ts'
import type { Entry } from '../store/contract.ts'
import { IsoTimes } from './iso-time.ts'

/** The lines of one store's entries. */
export class EntryLines {
  readonly #location: string
  readonly #start: string
  readonly #times = new IsoTimes()

  constructor(location: string) {
    this.#location = location
    this.#start = `{"store":${JSON.stringify(location)}`
  }

  lines(entries: readonly Entry[]): readonly Line[] {
    const lines: Line[] = []
    for (const entry of entries) lines.push(this.line(entry))
    return lines
  }

  line(entry: Entry): Line {
    const { key, sizeBytes, etag, mtimeMs, mode, type, expiresMs, version, latest } = entry
    const open: KeyRecord = { store: this.#location, ...keyFields(key) }
    let text = this.#start
    text += typeof key === 'string' ? `,"key":${jsonOf(key)}` : `,"key64":"${open.key64}"`
    if (sizeBytes !== undefined) text += `,"size":${sizeBytes}`
    if (etag !== undefined) text += `,"etag":${jsonOf(etag)}`
    text += this.#time('mtime', mtimeMs)
    if (mode !== undefined) text += `,"mode":"${octal(mode)}"`
    if (type !== undefined) text += `,"type":${jsonOf(type)}`
    text += this.#time('expires', expiresMs)
    if (version !== undefined) text += `,"version":${jsonOf(version)}`
    if (latest !== undefined) text += `,"latest":${latest}`
    for (const name in entry.value) text += `,"${name}":${jsonOf(entry.value[name as keyof typeof entry.value])}`
    return new EntryLine(`${text}}`, open)
  }

  /** A time that no record can hold is left out: it ends no listing. */
  #time(name: string, ms: number | undefined): string {
    const time = ms === undefined ? undefined : this.#times.text(ms)
    return time === undefined ? '' : `,"${name}":"${time}"`
  }
}

class EntryLine implements Line {
  text: string
  readonly open: KeyRecord
  #record: KeyRecord | undefined

  constructor(text: string, open: KeyRecord) {
    this.text = text
    this.open = open
  }

  get record(): KeyRecord {
    this.#record ??= JSON.parse(this.text) as KeyRecord
    return this.#record
  }
}

/** Permission bits as four octal digits, as chmod takes them. */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0')
}
