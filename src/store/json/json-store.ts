/** An array in a JSON file, or a file of a value a line, as a store that is only read: docs/stores/json.md. */
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import type { Entry, Looked, Store, StoreSettings, Traits } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { listJson } from './list-json.ts'
import { parseJsonLocation } from './location.ts'

const TRAITS: Traits = { ordered: false, unique: true, batch: 1000, concurrency: 1, holds: [], guards: [] }

/** Reads nothing yet. Throws E_LOCATION. */
export async function openJson(location: string, _settings: StoreSettings, surroundings: Surroundings): Promise<Store> {
  const file = parseJsonLocation(location)
  return {
    location: file.location,
    traits: TRAITS,
    list: (range, signal) => listJson(file, range, signal, surroundings.warn),
    /** Reads the whole file for each batch. */
    async stat(keys, signal) {
      const found = new Map<Key, Entry>()
      const wanted = new Set(keys)
      for await (const entries of listJson(file, {}, signal, () => {})) {
        for (const entry of entries) if (wanted.has(entry.key)) found.set(entry.key, entry)
      }
      if (signal.aborted) throw new RekeyError('E_STORE', `${file.location} was not read to its end`)
      return keys.map((key): Looked => found.get(key))
    },
    close: async () => {},
  }
}
