/** The file store as a process has it. Without vitest, so that the programs of the tests can use it. */
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'
import { isAlive } from '../../../src/cli/is-alive.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { openFileStore } from '../../../src/store/file/file-store.ts'
import type { Surroundings } from '../../../src/store/open.ts'

export const signal = new AbortController().signal

export function surroundings(replaced: Partial<Surroundings> = {}): Surroundings {
  return {
    env: () => undefined,
    envStartingWith: () => [],
    processName: { host: hostname(), pid },
    isAlive,
    compileSooner: () => {},
    die: () => kill(pid, 'SIGKILL'),
    warn: () => {},
    ...replaced,
  }
}

/** The store, whose methods are all there. */
export async function openStoreAt(location: string, replaced: Partial<Surroundings> = {}) {
  const store = await openFileStore(location, STORE_DEFAULTS, surroundings(replaced))
  return store as Required<typeof store>
}
