/**
 * The place of a split plan as run-parts sees it: parts, and beside them what has become of each. Holds what a listing says
 * of each part.
 */
import { openPlan, PlanPlace } from '../../stage/plan-place.ts'
import type { Context } from '../../stage/stage.ts'
import type { Entry } from '../../store/contract.ts'
import type { PartKey } from './part-names.ts'
import { globOf, looksLikePart, partKey, readPartKey } from './part-names.ts'

/** What a listing shows of one part. */
export interface PartState {
  readonly name: string
  part: boolean
  done: boolean
  failed: boolean
  journal: boolean
  /** when the part and its witness were written, where the store tells */
  partMs: number | undefined
  doneMs: number | undefined
  /** what its commands have noted before they wrote */
  intents: Entry | undefined
  readonly segments: { readonly token: number; readonly nth: number; readonly entry: Entry }[]
}

export class PartPlace extends PlanPlace {
  readonly #strangers = new Set<string>()

  /** Keys that end as a part does and are none, as far as surveys have met them. */
  get strangers(): readonly string[] {
    return [...this.#strangers].sort()
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

  /** Whether workers have kept leases beside the parts. */
  async hasLeases(): Promise<boolean> {
    const match = `${globOf(this.directory, 'leases/part-').slice(0, -2)}*`
    for await (const entries of this.store.list({ match }, this.abort)) if (entries.length > 0) return true
    return false
  }

  keyOf(key: PartKey): string {
    return partKey(this.directory, key)
  }

  /** The bytes of a key; nothing where there is none. */
  async *bytes(key: string): AsyncGenerator<Uint8Array> {
    const chunks = await this.read(key)
    if (chunks !== undefined) yield* chunks
  }

  /** Takes away what nobody needs of a part that is done, segments and intents; what does not go does no harm. */
  async clear({ segments, intents }: PartState): Promise<void> {
    const entries = [...segments.map(({ entry }) => entry), ...(intents === undefined ? [] : [intents])]
    const targets = entries.map(({ key, sizeBytes, etag, mtimeMs }) => ({
      key,
      expect: {
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(etag === undefined ? {} : { etag }),
        ...(mtimeMs === undefined ? {} : { mtimeMs }),
      },
    }))
    if (targets.length > 0) await this.store.remove?.(targets, this.abort).catch(() => {})
  }

  async #list(match: string): Promise<readonly PartState[]> {
    const states = new Map<string, PartState>()
    for await (const entries of this.store.list({ match }, this.abort)) {
      for (const entry of entries) {
        if (typeof entry.key !== 'string') continue
        const found = readPartKey(this.directory, entry.key)
        if (found === undefined) {
          if (looksLikePart(this.directory, entry.key)) this.#strangers.add(entry.key)
          continue
        }
        const state = states.get(found.name) ?? newState(found.name)
        states.set(found.name, state)
        if (found.kind === 'segment') state.segments.push({ token: found.token, nth: found.nth, entry })
        else if (found.kind === 'intents') state.intents = entry
        else state[found.kind] = true
        if (found.kind === 'part') state.partMs = entry.mtimeMs
        if (found.kind === 'done') state.doneMs = entry.mtimeMs
      }
    }
    for (const { segments } of states.values()) segments.sort((a, b) => a.token - b.token || a.nth - b.nth)
    return [...states.values()].sort((one, other) => (one.name < other.name ? -1 : 1))
  }
}

/** Opens it; throws as `openPlan` does. */
export async function openPlace(location: string, context: Context): Promise<PartPlace> {
  return new PartPlace(...(await openPlan(location, context)))
}

function newState(name: string): PartState {
  const kinds = { part: false, done: false, failed: false, journal: false }
  return { name, ...kinds, partMs: undefined, doneMs: undefined, intents: undefined, segments: [] }
}
