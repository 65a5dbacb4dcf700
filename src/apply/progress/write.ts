/** One row, read, changed and written back, so that of two writers none undoes what the other has written. */
import { setTimeout as sleep } from 'node:timers/promises'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Line } from '../../record/line.ts'
import { setFields } from '../../record/line.ts'
import type { Content, Evidence, Guard, Store } from '../../store/contract.ts'
import { plainContent } from '../../store/plain-content.ts'

type Fields = Readonly<Record<string, unknown>>

/** Dozens that write one row at the end of a run have each of them its turn. */
const MOST_TRIES = 40
const LONGEST_WAIT_MS = 200

/**
 * Sets the fields that `next` gives, takes out those that are undefined, and leaves all others to the letter; with
 * undefined for the fields the row stays as it is. `next` is asked again when somebody else was faster. Throws a
 * RekeyError: what the store says, and E_TYPE for a key that holds no JSON object.
 */
export async function changeRow(
  store: Store,
  key: string,
  next: (before: Fields | undefined) => object | undefined,
  random: () => number,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    const expect = await evidenceOf(store, key, signal)
    const line = expect === undefined ? undefined : await readRow(store, key, signal)
    const fields = next(line?.record as Fields | undefined)
    if (fields === undefined) return
    const row = line === undefined ? JSON.stringify(fields) : withFields(line, fields)
    const guard = expect === undefined ? 'absent' : guardOf(store)
    const item = { key, content: contentOf(row, store), ...(expect !== undefined && { expect }) }
    const outcome = await (store.write as NonNullable<Store['write']>)(item, guard, signal)
    if (outcome.outcome === 'done') return
    const error = 'error' in outcome ? outcome.error : changed(key)
    if (error.code !== 'E_CHANGED' || tries >= MOST_TRIES || signal.aborted) throw error
    await sleep(random() * Math.min(10 * tries, LONGEST_WAIT_MS), undefined, { signal }).catch(() => {})
  }
}

function guardOf({ traits }: Store): Guard {
  return traits.guards.includes('match') ? 'match' : 'any'
}

/** By an etag where the store has them, by the content elsewhere: two rows may be of one size and one millisecond. */
async function evidenceOf(store: Store, key: string, signal: AbortSignal): Promise<Evidence | undefined> {
  const [entry] = await store.stat([key], signal)
  if (entry === undefined) return undefined
  if (entry instanceof RekeyError) throw entry
  const size = entry.sizeBytes === undefined ? {} : { sizeBytes: entry.sizeBytes }
  if (entry.etag !== undefined) return { ...size, etag: entry.etag }
  const [digest] = (await store.digest?.([key], signal)) ?? []
  if (digest instanceof RekeyError) throw digest
  return digest === undefined ? size : { digest }
}

/** Undefined where it has gone meanwhile. */
async function readRow(store: Store, key: string, signal: AbortSignal): Promise<Line | undefined> {
  const content = await (store.read as NonNullable<Store['read']>)(key, signal)
  if (content === undefined) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of content.body()) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString('utf8').trim()
  const record = parsed(text)
  if (record !== undefined) return { text, record }
  throw new RekeyError('E_TYPE', `key ${keyText(key)} of ${store.location} holds something else than a row of progress`)
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

function withFields(line: Line, fields: object): string {
  setFields(line, fields)
  return line.text
}

function contentOf(row: string, { traits }: Store): Content {
  const content = plainContent(Buffer.from(row, 'utf8'))
  return traits.holds.includes('headers') ? { ...content, headers: { 'content-type': 'application/json' } } : content
}

function changed(key: string): RekeyError {
  return new RekeyError('E_CHANGED', `key ${keyText(key)}: others write this row all the time`)
}
