/**
 * The place of a split plan: parts, and beside them what has become of each. Everything is written once, create-only:
 * nothing that stands there is ever replaced. Holds what a listing says of each part.
 */
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Context } from '../../stage/stage.ts'
import type { Content, Entry, Store } from '../../store/contract.ts'
import type { PartKey } from './part-names.ts'
import { globOf, partKey, readPartKey } from './part-names.ts'

/** What a listing shows of one part. */
export interface PartState {
  readonly name: string
  part: boolean
  done: boolean
  failed: boolean
  journal: boolean
  readonly segments: { readonly token: number; readonly nth: number; readonly entry: Entry }[]
}

export class PartPlace {
  readonly store: Store
  /** what the keys of the parts begin with */
  readonly directory: string
  readonly #context: Context

  constructor(store: Store, directory: string, context: Context) {
    this.store = store
    this.directory = directory
    this.#context = context
  }

  /** Every part, in the order of the names. */
  async survey(): Promise<readonly PartState[]> {
    return this.#list(`${globOf(this.directory, 'part-').slice(0, -2)}*`)
  }

  /** One part as it is now. */
  async look(name: string): Promise<PartState> {
    const [state] = await this.#list(globOf(this.directory, name))
    return state ?? newState(name)
  }

  keyOf(key: PartKey): string {
    return partKey(this.directory, key)
  }

  /** The bytes of a key. Undefined where there is none. */
  async read(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const content = await this.store.read?.(key, this.#context.abort)
    return content?.body()
  }

  /** The same, and nothing where there is none. */
  async *bytes(key: string): AsyncGenerator<Uint8Array> {
    const chunks = await this.read(key)
    if (chunks !== undefined) yield* chunks
  }

  async readText(key: string): Promise<string | undefined> {
    const chunks = await this.read(key)
    if (chunks === undefined) return undefined
    const pieces: Buffer[] = []
    for await (const chunk of chunks) pieces.push(Buffer.from(chunk))
    return Buffer.concat(pieces).toString('utf8')
  }

  /** False when the key is there. Throws what keeps it from being written; E_UNANSWERED when that is not known. */
  async create(key: string, content: Pick<Content, 'body' | 'sizeBytes'>): Promise<boolean> {
    const write = this.store.write as NonNullable<Store['write']>
    const outcome = await write({ key, content: { form: 'plain', ...content } }, 'absent', this.#context.abort)
    if (outcome.outcome === 'done') return true
    if (outcome.outcome === 'skipped') return false
    throw new RekeyError(outcome.error.code, `${keyText(key)}: ${outcome.error.message}`, { cause: outcome.error })
  }

  createText(key: string, text: string): Promise<boolean> {
    const bytes = Buffer.from(text)
    return this.create(key, { body: () => once(bytes), sizeBytes: bytes.length })
  }

  /** Takes away segments whose lines stand in a finished journal; what does not go does no harm. */
  async clear({ segments }: PartState): Promise<void> {
    const targets = segments.map(({ entry: { key, sizeBytes, etag, mtimeMs } }) => ({
      key,
      expect: {
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(etag === undefined ? {} : { etag }),
        ...(mtimeMs === undefined ? {} : { mtimeMs }),
      },
    }))
    if (targets.length > 0) await this.store.remove?.(targets, this.#context.abort).catch(() => {})
  }

  async #list(match: string): Promise<readonly PartState[]> {
    const states = new Map<string, PartState>()
    for await (const entries of this.store.list({ match }, this.#context.abort)) {
      for (const entry of entries) {
        const found = typeof entry.key === 'string' ? readPartKey(this.directory, entry.key) : undefined
        if (found === undefined) continue
        const state = states.get(found.name) ?? newState(found.name)
        states.set(found.name, state)
        if (found.kind === 'segment') state.segments.push({ token: found.token, nth: found.nth, entry })
        else state[found.kind] = true
      }
    }
    for (const { segments } of states.values()) segments.sort((a, b) => a.token - b.token || a.nth - b.nth)
    return [...states.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  }
}

/** Opens it. Throws E_UNSUPPORTED for a store that cannot hold parts. */
export async function openPlace(location: string, context: Context): Promise<PartPlace> {
  const store = await context.open(directoryLocation(location))
  if (store.read === undefined || store.write === undefined) {
    throw new RekeyError('E_UNSUPPORTED', `${store.location} cannot hold parts; a directory or a bucket can`)
  }
  const [, prefix = ''] = /^s3:\/\/[^/]*\/(.*)$/is.exec(directoryLocation(location)) ?? []
  return new PartPlace(store, prefix, context)
}

/** The location ended by `/`: `parts-old/` is no part of `parts`. */
export function directoryLocation(location: string): string {
  return location.endsWith('/') ? location : `${location}/`
}

function newState(name: string): PartState {
  return { name, part: false, done: false, failed: false, journal: false, segments: [] }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
