/** Directories of a test. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Opened } from '../conformance.ts'
import { openStoreAt } from './open-store.ts'

/** A directory that is gone when the test is over. */
export function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rekey-file-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Everything below a directory, directories with `/` behind them, in order: also what the store does not list. */
export function everythingIn(directory: string): string[] {
  return namesBelow(directory, '').sort()
}

/** Not by `recursive`: from Node 22 on that follows symbolic links. */
function namesBelow(directory: string, prefix: string): string[] {
  return readdirSync(join(directory, prefix), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? [`${prefix}${entry.name}/`, ...namesBelow(directory, `${prefix}${entry.name}/`)]
      : [`${prefix}${entry.name}`],
  )
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
