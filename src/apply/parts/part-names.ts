/** The names of what stands beside a part: `part-0001.ndjson`, its journal, its witness, its intents. Pure. */

/** What a key beside the parts is, and of which part. A segment is a piece of the journal of one holder. */
export type PartKey = { readonly name: string } & (
  | { readonly kind: 'part' | 'done' | 'failed' | 'journal' | 'intents' }
  | { readonly kind: 'segment'; readonly token: number; readonly nth: number }
)

const ENDINGS: Readonly<Record<string, Exclude<PartKey['kind'], 'segment'>>> = {
  '.ndjson': 'part',
  '.done.json': 'done',
  '.failed.json': 'failed',
  '.journal.ndjson': 'journal',
  '.intents': 'intents',
}

const NAMES = /^(part-[^/.]+)(\.journal\.(\d+)\.(\d+)\.ndjson|\.[^/]*)$/

/** Undefined for a key that is none of a part's. `directory` is what all of them begin with: empty, or ended by `/`. */
export function readPartKey(directory: string, key: string): PartKey | undefined {
  if (!key.startsWith(directory)) return undefined
  const [, name, ending, token, nth] = NAMES.exec(key.slice(directory.length)) ?? []
  if (name === undefined || ending === undefined) return undefined
  if (token !== undefined) return { name, kind: 'segment', token: Number(token), nth: Number(nth) }
  const kind = ENDINGS[ending]
  return kind === undefined ? undefined : { name, kind }
}

/** Whether a key that `readPartKey` does not know looks like a part all the same: a dot in a name belongs to what stands beside it. */
export function looksLikePart(directory: string, key: string): boolean {
  return key.startsWith(`${directory}part-`) && /^[^/]*\.ndjson$/.test(key.slice(directory.length))
}

export function partKey(directory: string, { name, ...rest }: PartKey): string {
  if (rest.kind === 'segment') return `${directory}${name}.journal.${rest.token}.${rest.nth}.ndjson`
  const [ending] = Object.entries(ENDINGS).find(([, kind]) => kind === rest.kind) as [string, unknown]
  return directory + name + ending
}

/** A glob that matches just the keys of one part. */
export function globOf(directory: string, name: string): string {
  return `${`${directory}${name}`.replace(/[\\*?[\]]/g, '\\$&')}.*`
}

/** A name as a manifest has it, with or without its ending or its directory, to the part's name. */
export function partNamed(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1).replace(/\.ndjson$/, '')
}
