/** Opens a Redis database or cluster. The only place that knows the environment's names. */
import type { Store, StoreSettings } from '../contract.ts'
import type { Surroundings } from '../open.ts'
import { Cluster } from './cluster.ts'
import { Link } from './link.ts'
import { readLocation } from './location.ts'
import { redisStore } from './redis-store.ts'
import type { Servers } from './servers.ts'
import { standalone } from './servers.ts'

/** Throws E_LOCATION, E_AUTH, E_DENIED, E_CONNECTION, E_TIMEOUT, E_USAGE. */
export async function openRedis(location: string, settings: StoreSettings, surroundings: Surroundings): Promise<Store> {
  return redisStore(...(await openServers(location, settings, surroundings)), settings)
}

/**
 * Connects and signs in, so that a wrong password or host is found before the first record; a server that is loading is
 * waited for by the calls. Gives the location without credentials, and the servers. Throws as `openRedis` does.
 */
export async function openServers(
  location: string,
  settings: StoreSettings,
  surroundings: Surroundings,
): Promise<[location: string, servers: Servers]> {
  const target = readLocation(location, surroundings)
  const connecting = { timeoutMs: settings.timeoutMs, caFile: surroundings.env('REDIS_CA_FILE') }
  if (!target.cluster) {
    const link = new Link(target, connecting)
    await link.connect()
    return [target.location, standalone(link)]
  }
  const cluster = new Cluster(target, connecting)
  try {
    await cluster.masters()
    return [target.location, cluster]
  } catch (thrown) {
    await cluster.close()
    throw thrown
  }
}
