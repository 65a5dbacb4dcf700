/** Redis stores for tests, with a plain client beside them that knows nothing of the store's code. */
import { Redis } from 'ioredis'
import type { Store, StoreSettings } from '../../../src/store/contract.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import type { Surroundings } from '../../../src/store/open.ts'
import { openRedis } from '../../../src/store/redis/open-redis.ts'

export const signal = new AbortController().signal

/** Surroundings that hold these environment variables and nothing else. */
export function surroundings(variables: Readonly<Record<string, string>> = {}): Surroundings {
  return {
    env: (name) => variables[name],
    envStartingWith: (prefix) => Object.keys(variables).filter((name) => name.startsWith(prefix)),
    processName: { host: 'test', pid: 1 },
    isAlive: () => true,
    compileSooner: () => {},
    warn: () => {},
    die: () => {
      throw new Error('a store of Redis never ends the process')
    },
  }
}

export function openAt(
  location: string,
  settings: Partial<StoreSettings> = {},
  variables: Readonly<Record<string, string>> = {},
): Promise<Store> {
  return openRedis(location, { ...STORE_DEFAULTS, timeoutMs: 5_000, ...settings }, surroundings(variables))
}

/** A plain client of a database. */
export function clientOf(location: string): Redis {
  return new Redis(location, { maxRetriesPerRequest: 1 })
}

export async function listAll(store: Store, range: Parameters<Store['list']>[0] = {}) {
  const entries = []
  for await (const batch of store.list(range, signal)) entries.push(...batch)
  return entries
}

/** The answer that there must be. */
export function only<T>(answers: readonly T[]): T {
  if (answers.length !== 1) throw new Error(`${answers.length} answers instead of one`)
  return answers[0] as T
}
