/**
 * Where a split plan is: its parts, its manifest, and what becomes of them. Everything there is written once, create-only:
 * nothing that stands there is ever replaced.
 */
import { RekeyError } from '../record/errors.ts'
import { keyText } from '../record/key.ts'
import type { Content, Store } from '../store/contract.ts'
import { rootOf } from '../store/file/location.ts'
import { onePiece } from '../store/plain-content.ts'
import type { Context } from './stage.ts'

export class PlanPlace {
  readonly store: Store
  /** what the keys begin with: empty, or ended by `/`; those of a bucket are whole keys, those of a directory paths below it */
  readonly directory: string
  protected readonly abort: AbortSignal

  constructor(store: Store, directory: string, abort: AbortSignal) {
    this.store = store
    this.directory = directory
    this.abort = abort
  }

  get manifestKey(): string {
    return `${this.directory}manifest.json`
  }

  /** The path of the file that a key is; undefined in a bucket. */
  pathOf(key: string): string | undefined {
    return this.store.location.startsWith('file:') ? rootOf(this.store.location) + key : undefined
  }

  /** The bytes of a key. Undefined where there is none. */
  async read(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const content = await this.store.read?.(key, this.abort)
    return content?.body()
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
    const outcome = await write({ key, content: { form: 'plain', ...content } }, 'absent', this.abort)
    if (outcome.outcome === 'done') return true
    if (outcome.outcome === 'skipped') return false
    throw new RekeyError(outcome.error.code, `${keyText(key)}: ${outcome.error.message}`, { cause: outcome.error })
  }

  createText(key: string, text: string): Promise<boolean> {
    const bytes = Buffer.from(text)
    return this.create(key, { body: () => onePiece(bytes), sizeBytes: bytes.length })
  }
}

/** Where run-parts looks for them: what is written elsewhere would lie among the keys of a database. */
const HOLDS_PARTS = /^(?:file|s3):/

/** What a place is made of. Throws E_UNSUPPORTED, after the flag that names it, for a store that cannot hold parts, and what opening throws. */
export async function openPlan(
  location: string,
  context: Context,
  flag = '',
): Promise<readonly [Store, string, AbortSignal]> {
  const directory = directoryLocation(location)
  const store = await context.open(directory)
  if (!HOLDS_PARTS.test(store.location) || store.read === undefined || store.write === undefined) {
    throw new RekeyError('E_UNSUPPORTED', `${flag}${store.location} cannot hold parts; a directory or a bucket can`)
  }
  const [, prefix = ''] = /^s3:\/\/[^/]*\/(.*)$/is.exec(directory) ?? []
  return [store, prefix, context.abort]
}

/** The location ended by `/`: `parts-old/` is no part of `parts`. One that names nothing stays so: it would be the root. */
export function directoryLocation(location: string): string {
  return location.endsWith('/') || /^(?:file:)?$/i.test(location) ? location : `${location}/`
}
