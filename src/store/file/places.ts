/**
 * Notes, in a file in the root, the directories that this run writes to and makes, so that whoever comes after a kill
 * finds its temporary files and its empty directories. The note is taken before the directory is touched; the file is
 * gone when the run ends well. Where the root takes no such file there is none, and the next run sweeps the
 * directories that it comes through itself.
 */
import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs'
import type { Key } from '../../record/key.ts'
import { keyBytes } from '../../record/key.ts'
import { errnoOf } from './fs-error.ts'
import { identityOf } from './key-path.ts'
import type { Owner } from './own-name.ts'
import { ownName } from './own-name.ts'

const MAX_NAMES = 1000
const MADE = 0x2b
const END = Buffer.from([0])

/** A directory as the file of places has it. */
export interface Place {
  readonly directory: Buffer
  /** by that run, so that it may go again when it is empty */
  readonly made: boolean
}

export class Places {
  readonly #root: string
  readonly #owner: Owner
  readonly #noted = new Set<string>()
  #file: { readonly path: string; readonly descriptor: number } | 'none' | undefined

  constructor(root: string, owner: Owner) {
    this.#root = root
    this.#owner = owner
  }

  /** Notes a directory once; the root, which is looked through anyway, not at all. */
  note(directory: Key, made: boolean): void {
    const id = identityOf(directory)
    if (id === '' || this.#noted.has(id)) return
    this.#noted.add(id)
    this.#file ??= this.#open()
    if (this.#file === 'none') return
    try {
      writeSync(this.#file.descriptor, Buffer.concat([Buffer.from(made ? '+' : '='), keyBytes(directory), END]))
    } catch {
      // A disk that is full fails the write that follows, under its own key.
    }
  }

  close(): void {
    if (this.#file === undefined || this.#file === 'none') return
    closeSync(this.#file.descriptor)
    try {
      unlinkSync(this.#file.path)
    } catch {
      // It has gone, with its directory or by somebody's hand, or may not be taken away: no outcome depends on it.
    }
    this.#file = undefined
    this.#noted.clear()
  }

  #open(): { readonly path: string; readonly descriptor: number } | 'none' {
    for (let count = 0; count < MAX_NAMES; count++) {
      const path = this.#root + ownName('places', this.#owner, count)
      try {
        return { path, descriptor: openSync(path, 'ax', 0o600) }
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') return 'none'
      }
    }
    return 'none'
  }
}

/** Reads a file of places; a last note that was cut short is left out. */
export function parsePlaces(bytes: Buffer): Place[] {
  const places: Place[] = []
  let start = 0
  for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
    places.push({ directory: bytes.subarray(start + 1, end), made: bytes[start] === MADE })
    start = end + 1
  }
  return places
}
