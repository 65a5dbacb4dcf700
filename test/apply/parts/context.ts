/** What run-parts gives its stage, for tests that want a part of that otherwise. */
import { hostname } from 'node:os'
import { onTestFinished } from 'vitest'
import { appendTo } from '../../../src/cli/appender.ts'
import { openScratch } from '../../../src/cli/scratch.ts'
import { startCommand } from '../../../src/cli/start-command.ts'
import { steady } from '../../../src/cli/steady.ts'
import { Watchdog } from '../../../src/cli/watchdog.ts'
import type { Context } from '../../../src/stage/stage.ts'
import type { Store } from '../../../src/store/contract.ts'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import type { LeaseSpace } from '../../../src/store/lease/contract.ts'
import { Stores } from '../../../src/store/stores.ts'
import { surroundings } from '../../store/s3/open.ts'

export interface Given {
  readonly stop: AbortSignal
  /** by how much the clock is wrong */
  readonly wrongMs?: number
  /** takes what the user is warned of */
  warn?(message: string): void
  /** makes of stores and leases what the test wants */
  store?(store: Store): Store
  leases?(space: LeaseSpace): LeaseSpace
}

/** What a tool gives its stage; closed when the test is done. */
export function contextWith({ stop, wrongMs = 0, warn = () => {}, store, leases }: Given): Context {
  const now = () => Date.now() + wrongMs
  const stores = new Stores(STORE_DEFAULTS, surroundings(), { now, random: Math.random, stop })
  const watchdog = new Watchdog()
  onTestFinished(async () => {
    watchdog.close()
    await stores.close()
  })
  return {
    stop,
    abort: new AbortController().signal,
    now,
    steady,
    random: Math.random,
    process: { host: hostname(), pid: process.pid },
    tell: () => {},
    warn,
    count: () => {},
    show: () => {},
    foundBad: () => {},
    open: async (location) => (store ?? same)(await stores.open(location)),
    openLeases: async (location) => (leases ?? same)(await stores.openLeases(location)),
    createTable: (location, shape) => stores.createTable(location, shape),
    start: (command) => startCommand(command, watchdog),
    records: () => {
      throw new Error('run-parts reads no files')
    },
    readFile: () => {
      throw new Error('run-parts reads no files')
    },
    appendTo,
    scratch: openScratch,
  }
}

function same<T>(thing: T): T {
  return thing
}
