/** How much is planned for each group: the records of a plan, or of all parts of one. Holds one batch. */
import { decode } from '../../record/decode.ts'
import { RekeyError } from '../../record/errors.ts'
import { keyText } from '../../record/key.ts'
import type { Line } from '../../record/line.ts'
import type { Context } from '../../stage/stage.ts'
import type { Store } from '../../store/contract.ts'
import { readPartKey } from '../parts/part-names.ts'

/**
 * The lines of a plan: a file, or where a location or a path that ends in `/` names a store, every key of it that ends in
 * `.ndjson`, but for the journals that run-parts keeps beside parts. A line that is no record counts too, for it comes out
 * of the pipeline as a failed one. Throws E_USAGE when there is nothing to read.
 */
export async function* planLines(plan: string, context: Context): AsyncGenerator<readonly Line[]> {
  if (!/^[a-z][a-z0-9+.-]+:|\/$/i.test(plan)) {
    yield* context.records(plan)
    return
  }
  const store = await context.open(plan)
  let parts = 0
  for await (const entries of store.list({}, context.stop)) {
    for (const { key } of entries) {
      if (typeof key !== 'string' || !key.endsWith('.ndjson') || isJournal(key)) continue
      parts++
      yield* decode(partOf(store, key, context))
    }
  }
  if (parts === 0) throw new RekeyError('E_USAGE', `--plan: ${store.location} has no key that ends in .ndjson`)
}

function isJournal(key: string): boolean {
  const part = readPartKey('', key.slice(key.lastIndexOf('/') + 1))
  return part !== undefined && part.kind !== 'part'
}

async function* partOf(store: Store, key: string, { stop }: Context): AsyncGenerator<Uint8Array> {
  const content = await store.read?.(key, stop)
  if (content === undefined)
    throw new RekeyError('E_USAGE', `--plan: ${keyText(key)} of ${store.location} cannot be read`)
  yield* content.body()
}
