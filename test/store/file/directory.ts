/** Directories of a test, and the file store on them as this process has it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { kill, pid } from 'node:process'
import { onTestFinished } from 'vitest'
import { STORE_DEFAULTS } from '../../../src/store/contract.ts'
import { openFileStore } from '../../../src/store/file/file-store.ts'
import type { Surroundings } from '../../../src/store/open.ts'
import type { Opened } from '../conformance.ts'

export const signal = new AbortController().signal

/** A directory that is gone when the test is over. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-file-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export function surroundings(replaced: Partial<Surroundings> = {}): Surroundings {
  return {
    env: () => undefined,
    envStartingWith: () => [],
    processName: { host: hostname(), pid },
    isAlive,
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

/** Everything below a directory, directories with `/` behind them, in order: also what the store does not list. */
export function everythingIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1) + (entry.isDirectory() ? '/' : ''))
    .sort()
}

/** Writes files, making their directories: `{'a/b': 'content'}`. */
export function plantFiles(directory: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [key, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, key)), { recursive: true })
    writeFileSync(join(directory, key), content)
  }
}

/** A fresh store in a directory of its own, for the conformance suite. */
export async function openFresh(): Promise<Opened> {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-file-'))
  const store = await openStoreAt(`file:${directory}/`)
  return {
    store,
    async plant(key, content) {
      const path = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(key)])
      mkdirSync(path.subarray(0, path.lastIndexOf('/')), { recursive: true })
      writeFileSync(path, content)
    },
    async close() {
      await store.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function isAlive(other: number): boolean {
  try {
    return kill(other, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
