/**
 * Where the parts of a plan are written: `part-0000.ndjson` and so on, and behind them `manifest.json`. Create-only: the
 * same plan is known again, and another plan's parts are never touched.
 */
import { createHash } from 'node:crypto'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { parallel } from '../../stage/parallel.ts'
import type { Context } from '../../stage/stage.ts'
import type { Content, Store } from '../../store/contract.ts'
import type { PartSummary } from './part-spool.ts'

const MANIFEST = 'manifest.json'
const PART_NAME = /^part-\d{4,}\.ndjson$/
/** parts that are written at once */
const AT_ONCE = 4

interface PartRow {
  readonly name: string
  readonly count: number
  readonly weight: number
  readonly bytes: number
  /** hex */
  readonly sha256: string
}

export interface Manifest {
  readonly parts: readonly PartRow[]
  readonly count: number
  readonly weight: number
  /** ISO 8601 UTC */
  readonly createdAt: string
}

export function partName(number: number): string {
  return `part-${String(number).padStart(4, '0')}.ndjson`
}

/** `weightOf` gives a part's weight. */
export function manifestOf(
  summaries: readonly PartSummary[],
  weightOf: (part: number) => number,
  createdAt: string,
): Manifest {
  const parts = summaries.map(({ count, sizeBytes, sha256 }, number) => {
    return { name: partName(number), count, weight: weightOf(number), bytes: sizeBytes, sha256 }
  })
  const sum = (of: 'count' | 'weight') => parts.reduce((total, part) => total + part[of], 0)
  return { parts, count: sum('count'), weight: sum('weight'), createdAt }
}

export class PartPlace {
  readonly #store: Store
  /** what the keys begin with: empty, or ended by `/` */
  readonly #directory: string
  readonly #context: Context

  private constructor(store: Store, directory: string, context: Context) {
    this.#store = store
    this.#directory = directory
    this.#context = context
  }

  /** Throws E_UNSUPPORTED for a store that cannot hold parts, and what opening throws. */
  static async open(location: string, context: Context): Promise<PartPlace> {
    const directory = location.endsWith('/') ? location : `${location}/`
    const store = await context.open(directory)
    if (store.write === undefined || store.read === undefined || !store.traits.guards.includes('absent')) {
      throw new RekeyError('E_UNSUPPORTED', `--out: ${store.location} cannot hold parts; a directory or a bucket can`)
    }
    // Keys of a bucket are whole keys, those of a directory are paths below it.
    const [, prefix = ''] = /^s3:\/\/[^/]*\/(.*)$/is.exec(directory) ?? []
    return new PartPlace(store, prefix, context)
  }

  /**
   * Writes what is not there yet; gives how many parts were there. Undefined where the run was stopped before the manifest
   * was written. Throws E_EXISTS, before anything is written if it can, where another plan stands.
   */
  async write(manifest: Manifest, bodyOf: (part: number) => Content['body']): Promise<number | undefined> {
    const known = await this.#known(manifest)
    const { stop } = this.#context
    const missing = [...manifest.parts.entries()].filter(([, { name }]) => !known.has(name))
    let there = known.size
    const written = parallel(
      asStream(missing),
      () => AT_ONCE,
      stop,
      async ([number, part]) => {
        if (await this.#create(part.name, bodyOf(number), part.bytes)) return true
        await this.#checkSame(part)
        return false
      },
    )
    for await (const isNew of written) if (!isNew) there++
    if (stop.aborted) return undefined
    const text = Buffer.from(manifestText(manifest))
    const isNew = await this.#create(MANIFEST, () => once(text), text.length)
    if (!isNew && !isSamePlan(manifest, await this.#readManifest())) throw this.#other(MANIFEST)
    return there
  }

  /** Names of the parts that are there, each looked through: they are this plan's. */
  async #known(manifest: Manifest): Promise<ReadonlySet<string>> {
    const there = await this.#readManifest()
    if (there !== undefined && !isSamePlan(manifest, there)) throw this.#other(MANIFEST)
    const ours = new Map(manifest.parts.map((part) => [part.name, part]))
    const known = new Set<string>()
    for await (const name of this.#partNames()) {
      const part = ours.get(name)
      if (part === undefined) throw this.#other(name)
      await this.#checkSame(part)
      known.add(name)
    }
    return known
  }

  async #checkSame({ name, sha256 }: PartRow): Promise<void> {
    if ((await this.#digestOf(name)) !== sha256) throw this.#other(name)
  }

  async *#partNames(): AsyncGenerator<string> {
    const match = `${this.#directory.replace(/[\\*?[\]]/g, '\\$&')}part-*.ndjson`
    try {
      for await (const entries of this.#store.list({ match }, this.#context.abort)) {
        for (const { key } of entries) {
          const name = typeof key === 'string' ? key.slice(this.#directory.length) : ''
          if (PART_NAME.test(name)) yield name
        }
      }
    } catch (thrown) {
      // A directory that is not there is made with the first part.
      if (toRekeyError(thrown).code !== 'E_LOCATION') throw thrown
    }
  }

  /** False where the key is there. Throws what keeps it from being written; E_UNANSWERED where that is not known. */
  async #create(name: string, body: Content['body'], sizeBytes: number): Promise<boolean> {
    const item = { key: this.#directory + name, content: { form: 'plain' as const, body, sizeBytes } }
    const outcome = await (this.#store.write as NonNullable<Store['write']>)(item, 'absent', this.#context.abort)
    if (outcome.outcome === 'done') return true
    if (outcome.outcome === 'skipped') return false
    throw new RekeyError(outcome.error.code, `${name}: ${outcome.error.message}`, { cause: outcome.error })
  }

  async #readManifest(): Promise<unknown> {
    const chunks: Uint8Array[] = []
    const content = await this.#read(MANIFEST)
    if (content === undefined) return undefined
    for await (const chunk of content.body()) chunks.push(Buffer.from(chunk))
    try {
      return JSON.parse(Buffer.concat(chunks).toString('utf8'))
    } catch {
      return null
    }
  }

  async #digestOf(name: string): Promise<string | undefined> {
    const hash = createHash('sha256')
    const content = await this.#read(name)
    if (content === undefined) return undefined
    for await (const chunk of content.body()) hash.update(chunk)
    return hash.digest('hex')
  }

  async #read(name: string): Promise<Content | undefined> {
    try {
      return await this.#store.read?.(this.#directory + name, this.#context.abort)
    } catch (thrown) {
      if (toRekeyError(thrown).code !== 'E_LOCATION') throw thrown
      return undefined
    }
  }

  #other(name: string): RekeyError {
    const message = `--out: ${this.#directory}${name} of another plan is in ${this.#store.location}: choose another place, or take it away`
    return new RekeyError('E_EXISTS', message)
  }
}

/** Whether a manifest, as it was read, tells of the same parts; when it was made does not count. */
function isSamePlan({ parts }: Manifest, other: unknown): boolean {
  const theirs = (other as Partial<Manifest> | null | undefined)?.parts
  return (
    Array.isArray(theirs) &&
    theirs.length === parts.length &&
    parts.every(({ name, sha256 }, at) => theirs[at]?.name === name && theirs[at]?.sha256 === sha256)
  )
}

/** A part a line, for people. */
function manifestText({ parts, ...rest }: Manifest): string {
  const rows = parts.map((part) => `\n  ${JSON.stringify(part)}`).join(',')
  return `{"parts":[${rows}\n],${JSON.stringify(rest).slice(1)}\n`
}

async function* asStream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
