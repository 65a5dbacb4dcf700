/** A Redis database as a store: each call is handed to the part that does it. */
import type { Store, StoreSettings, Traits } from '../contract.ts'
import { alike } from './alike.ts'
import { AlikeHashes } from './alike-hashes.ts'
import { Copier } from './copy.ts'
import { Describer } from './describe.ts'
import { Digester } from './digest.ts'
import { Guarded } from './guarded.ts'
import { includes } from './includes.ts'
import { listKeys } from './list-keys.ts'
import { Looker } from './look.ts'
import { Merger } from './merge.ts'
import { Scripts } from './scripts.ts'
import type { Servers } from './servers.ts'
import { HOLDS, Transfer } from './transfer.ts'

/** SCAN has no order and may give a key twice. Batches of this size keep a server busy with four of them in flight. */
const TRAITS: Traits = {
  ordered: false,
  unique: false,
  batch: 512,
  concurrency: 4,
  holds: HOLDS,
  guards: ['absent', 'match', 'merge', 'any'],
}

export function redisStore(location: string, servers: Servers, settings: StoreSettings): Store {
  const scripts = new Scripts(servers)
  const describer = new Describer(servers, scripts, settings.mtimeFields)
  const guarded = new Guarded(servers, scripts, describer)
  const merger = new Merger(servers, scripts)
  const transfer = new Transfer(servers, scripts, describer, guarded, merger)
  const copier = new Copier(servers, guarded, merger, transfer)
  const hashes = new AlikeHashes()
  const looker = new Looker(servers, describer)
  const digester = new Digester(servers, scripts)
  return {
    location,
    traits: TRAITS,
    list: (range, signal) => listKeys(servers, describer, range, settings.concurrency, signal),
    stat: (keys, signal) => looker.look(keys, signal),
    copy: (pairs, guard, signal) => copier.copy(pairs, guard, signal),
    read: (key, signal) => transfer.read(key, signal),
    write: (item, guard, signal) => transfer.write(item, guard, signal),
    remove: (targets, signal) => guarded.remove(targets, signal),
    digest: (keys, signal) => digester.digest(keys, signal),
    alike: (pairs, signal) => alike(servers, scripts, hashes, pairs, signal),
    includes: (pairs, signal) => includes(servers, pairs, signal),
    close: async () => {
      await Promise.all([guarded.close(), servers.close()])
    },
  }
}
