/**
 * Where the parts of a plan are written: `part-0000.ndjson` and so on, and behind them `manifest.json`. Create-only: the
 * same plan is known again, and another plan's parts are never touched.
 */
import { createHash } from 'node:crypto'
import { RekeyError, toRekeyError } from '../../record/errors.ts'
import { parallel } from '../../stage/parallel.ts'
import { openPlan, PlanPlace } from '../../stage/plan-place.ts'
import type { Context } from '../../stage/stage.ts'
import type { Content } from '../../store/contract.ts'
import type { PartSummary } from './part-spool.ts'

const PART_NAME = /^part-\d{4,}\.ndjson$/
/** what run-parts leaves beside a part that is done: its digest is that of the part, as `sha256:hex` */
const WITNESS_NAME = /^(part-\d{4,})\.done\.json$/
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

export class PlanWriter {
  readonly #place: PlanPlace
  readonly #context: Context

  private constructor(place: PlanPlace, context: Context) {
    this.#place = place
    this.#context = context
  }

  /** Throws as `openPlan` does. */
  static async open(location: string, context: Context): Promise<PlanWriter> {
    return new PlanWriter(new PlanPlace(...(await openPlan(location, context, '--out: '))), context)
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
        const content = { body: bodyOf(number), sizeBytes: part.bytes }
        if (await this.#place.create(this.#place.directory + part.name, content)) return true
        await this.#checkSame(part)
        return false
      },
    )
    for await (const isNew of written) if (!isNew) there++
    if (stop.aborted) return undefined
    const isNew = await this.#place.createText(this.#place.manifestKey, manifestText(manifest))
    if (!isNew && !isSamePlan(manifest, await this.#readManifest())) throw this.#other(this.#place.manifestKey)
    return there
  }

  /** Names of the parts that are there, each looked through: they are this plan's. */
  async #known(manifest: Manifest): Promise<ReadonlySet<string>> {
    const there = await this.#readManifest()
    if (there !== undefined && !isSamePlan(manifest, there)) throw this.#other(this.#place.manifestKey)
    const ours = new Map(manifest.parts.map((part) => [part.name, part]))
    const known = new Set<string>()
    for await (const name of this.#names()) {
      const [, done] = WITNESS_NAME.exec(name) ?? []
      if (done !== undefined) {
        await this.#checkWitness(name, ours.get(`${done}.ndjson`))
        continue
      }
      const part = ours.get(name)
      if (part === undefined) throw this.#other(this.#place.directory + name)
      await this.#checkSame(part)
      known.add(name)
    }
    return known
  }

  async #checkSame({ name, sha256 }: PartRow): Promise<void> {
    if ((await this.#digestOf(name)) !== sha256) throw this.#other(this.#place.directory + name)
  }

  /** A part that was done before it is written would never be run. */
  async #checkWitness(name: string, part: PartRow | undefined): Promise<void> {
    const key = this.#place.directory + name
    const { digest } = jsonIn(await ifThere(() => this.#place.readText(key))) ?? {}
    if (part === undefined || digest !== `sha256:${part.sha256}`) throw this.#other(key)
  }

  /** Of parts and of their witnesses. */
  async *#names(): AsyncGenerator<string> {
    const { store, directory } = this.#place
    const match = `${directory.replace(/[\\*?[\]]/g, '\\$&')}part-*`
    try {
      for await (const entries of store.list({ match }, this.#context.abort)) {
        for (const { key } of entries) {
          const name = typeof key === 'string' ? key.slice(directory.length) : ''
          if (PART_NAME.test(name) || WITNESS_NAME.test(name)) yield name
        }
      }
    } catch (thrown) {
      // A directory that is not there is made with the first part.
      if (toRekeyError(thrown).code !== 'E_LOCATION') throw thrown
    }
  }

  async #readManifest(): Promise<unknown> {
    return jsonIn(await ifThere(() => this.#place.readText(this.#place.manifestKey)))
  }

  async #digestOf(name: string): Promise<string | undefined> {
    const hash = createHash('sha256')
    const chunks = await ifThere(() => this.#place.read(this.#place.directory + name))
    if (chunks === undefined) return undefined
    for await (const chunk of chunks) hash.update(chunk)
    return hash.digest('hex')
  }

  #other(key: string): RekeyError {
    const message = `--out: ${key} of another plan is in ${this.#place.store.location}: choose another place, or take it away`
    return new RekeyError('E_EXISTS', message)
  }
}

/** Undefined where there is no text, null where it is no JSON. */
function jsonIn(text: string | undefined) {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return null
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

/** A directory that is not there is made with the first part. */
async function ifThere<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read()
  } catch (thrown) {
    if (toRekeyError(thrown).code !== 'E_LOCATION') throw thrown
    return undefined
  }
}
