/**
 * Ends the unfinished uploads under a plan's destinations. Writes nothing else; every record goes on as it came.
 * Holds the unfinished uploads of each bucket that the plan names as a destination.
 */
import type { Key } from '../record/key.ts'
import { keyText } from '../record/key.ts'
import type { KeyRecord } from '../record/record.ts'
import { recordKey, recordTo } from '../record/record.ts'
import type { Context, Stage } from '../stage/stage.ts'
import type { Store } from '../store/contract.ts'
import { withoutCredentials } from '../store/location.ts'
import type { Upload, UploadState, Uploads } from '../store/uploads.ts'

export interface CleanOptions {
  readonly dryRun: boolean
  /** one to which something has come in so many hours may be in use, and stays */
  readonly idleHours: number
}

export function cleanStage(options: CleanOptions): Stage {
  return async function* (batches, context) {
    const cleaning = new Cleaning(options, context)
    for await (const batch of batches) {
      for (const { record } of batch) {
        if (context.stop.aborted) break
        await cleaning.clean(record)
      }
      yield batch
    }
    context.tell(cleaning.summary())
  }
}

const HOUR_MS = 3_600_000

/** The uploads of a store by the keys that they are for. */
interface Known {
  readonly store: Store
  readonly uploads: Uploads
  readonly byKey: Map<Key, Upload[]>
}

class Cleaning {
  readonly #options: CleanOptions
  readonly #context: Context
  readonly #known = new Map<string, Known | undefined>()
  #ended = 0
  #sizeBytes = 0
  #inUse = 0

  constructor(options: CleanOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  /** Ends what was begun under the record's destination and is in use no more. Throws what the store says. */
  async clean(record: KeyRecord): Promise<void> {
    const destination = destinationOf(record)
    if (destination === undefined) return
    const { location, key } = destination
    if (!this.#known.has(location)) this.#known.set(location, await this.#look(location, key))
    const known = this.#known.get(location)
    const found = known?.byKey.get(key)
    if (known === undefined || found === undefined) return
    known.byKey.delete(key)
    for (const upload of found) await this.#settle(known, upload)
  }

  summary(): string {
    const says = this.#options.dryRun ? 'would be ended' : 'ended'
    return `${this.#ended} unfinished uploads ${says}, ${this.#sizeBytes} bytes in parts; ${this.#inUse} may be in use`
  }

  async #look(location: string, near: Key): Promise<Known | undefined> {
    const store = await this.#context.open(location)
    if (store.uploads === undefined) return undefined
    const byKey = new Map<Key, Upload[]>()
    for (const upload of await store.uploads.begun(near, this.#context.abort)) {
      const same = byKey.get(upload.key)
      if (same === undefined) byKey.set(upload.key, [upload])
      else same.push(upload)
    }
    return { store, uploads: store.uploads, byKey }
  }

  async #settle({ store, uploads }: Known, upload: Upload): Promise<void> {
    const { dryRun, idleHours } = this.#options
    const { abort } = this.#context
    const state = await uploads.state(upload, abort)
    if (state === undefined) return
    const isInUse = !(state.idleMs >= idleHours * HOUR_MS)
    if (!isInUse && !dryRun) await uploads.end(upload, abort)
    const done = dryRun ? 'would be ended' : 'ended'
    this.#context.tell(`${store.location} ${wordsOf(upload, state)}: ${isInUse ? 'may be in use, and stays' : done}`)
    if (isInUse) {
      this.#inUse++
    } else {
      this.#ended++
      this.#sizeBytes += state.sizeBytes
    }
  }
}

function wordsOf({ key, begunMs }: Upload, { parts, sizeBytes }: UploadState): string {
  const begun = new Date(begunMs).toISOString()
  return `upload of ${keyText(key)}, begun ${begun}, ${parts} parts, ${sizeBytes} bytes`
}

/** Where a record's write goes; a location with a password in it is none that has uploads. */
function destinationOf(record: KeyRecord): { readonly location: string; readonly key: Key } | undefined {
  const location = record.toStore ?? record.store
  const key = recordTo(record) ?? (record.op === 'put' ? recordKey(record) : undefined)
  if (location === undefined || key === undefined || withoutCredentials(location) !== location) return undefined
  return { location, key }
}
