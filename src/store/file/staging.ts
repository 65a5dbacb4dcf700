/**
 * The writing side of one batch: temporary files beside their destinations, made lasting, then given their names in
 * one step each. Whatever fails leaves neither a temporary file nor a directory that was made for it.
 */
import { closeSync, fsync, openSync, rmdirSync, unlinkSync } from 'node:fs'
import { promisify } from 'node:util'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import type { Evidence, Guard, Outcome } from '../contract.ts'
import { errnoOf, fsError } from './fs-error.ts'
import type { Path } from './key-path.ts'
import { childOf, identityOf, keyProblem, parentOf, pathOf } from './key-path.ts'
import { Parents } from './parents.ts'
import type { Wanted } from './publish.ts'
import { lookBefore, publish } from './publish.ts'
import type { Tree } from './tree.ts'

const flushFile = promisify(fsync)

/** A temporary file that has its content. */
export interface Staged {
  readonly wanted: Wanted
  readonly temporary: Path
  readonly descriptor: number
  readonly lost: readonly string[]
}

/** Gives what the file cannot hold of the content, or the outcome when there is nothing to put into it. */
export type Fill = (file: number, path: Path) => Promise<readonly string[] | Outcome>

/** How often a directory is made again when a delete beside us has taken it away, being empty. */
const TRIES = 5
/** More than any number of stores in one process have temporary files of one name. */
const NAMES = 1000

export class Staging {
  readonly parents: Parents
  readonly #tree: Tree
  readonly #guard: Guard
  readonly #made: Key[] = []
  readonly #dirty = new Map<string, Key>()

  constructor(tree: Tree, guard: Guard, parents = new Parents(tree.root)) {
    this.#tree = tree
    this.#guard = guard
    this.parents = parents
  }

  /** Has `fill` put content into a temporary file, of this mode, for the key. */
  async stage(key: Key, expect: Evidence | undefined, mode: number, fill: Fill): Promise<Staged | Outcome> {
    const directory = parentOf(key)
    let temporary: Path | undefined
    let descriptor: number | undefined
    try {
      const wanted: Wanted = { key, path: pathOf(this.#tree.root, key), guard: this.#guard, expect }
      const settled = this.#settled(wanted, directory)
      if (settled !== undefined) return settled
      const opened = this.#open(directory, mode)
      temporary = opened.path
      descriptor = opened.descriptor
      const filled = await fill(descriptor, temporary)
      if (!('outcome' in filled)) return { wanted, temporary, descriptor, lost: filled }
      closeSync(descriptor)
      discard(temporary)
      return filled
    } catch (error) {
      if (descriptor !== undefined) closeSync(descriptor)
      if (temporary !== undefined) discard(temporary)
      return { outcome: 'failed', error: fsError(error, key) }
    }
  }

  /** Flushes and publishes what was staged; gives each its outcome, and hands on the outcomes that came before. */
  async settle(items: readonly (Staged | Outcome)[]): Promise<Outcome[]> {
    const flushed = await Promise.all(items.map((item) => ('outcome' in item ? undefined : flush(item))))
    const outcomes: Outcome[] = []
    for (const [at, item] of items.entries()) {
      outcomes.push('outcome' in item ? item : await this.#publish(item, flushed[at]))
    }
    if (outcomes.some(({ outcome }) => outcome !== 'done')) this.#unmake()
    return await this.#syncDirectories(items, outcomes)
  }

  #settled(wanted: Wanted, directory: Key): Outcome | undefined {
    const problem = keyProblem(this.#tree.root, wanted.key)
    if (problem !== undefined) throw problem
    const parent = this.parents.check(directory)
    if (parent instanceof RekeyError) throw parent
    return lookBefore(wanted)
  }

  #open(directory: Key, mode: number): { path: Path; descriptor: number } {
    for (let tries = 1; ; tries++) {
      const parent = this.parents.make(directory, (made) => {
        this.#tree.places.note(made, true)
        this.#made.push(made)
        this.#dirty.set(identityOf(parentOf(made)), parentOf(made))
      })
      if (parent !== 'there') throw parent
      this.#tree.orphans.sweep(directory)
      this.#tree.places.note(directory, false)
      try {
        return this.#create(directory, mode)
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || tries === TRIES) throw error
        this.parents.forget(directory)
      }
    }
  }

  #create(directory: Key, mode: number): { path: Path; descriptor: number } {
    for (let names = 1; ; names++) {
      const path = pathOf(this.#tree.root, childOf(directory, this.#tree.temporaryName()))
      try {
        return { path, descriptor: openSync(path, 'wx', mode) }
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST' || names === NAMES) throw error
      }
    }
  }

  async #publish({ wanted, temporary, lost }: Staged, failure: unknown): Promise<Outcome> {
    try {
      if (failure !== undefined) throw failure
      const outcome = await publish(wanted, temporary)
      if (outcome.outcome !== 'done') return outcome
      const directory = parentOf(wanted.key)
      this.#dirty.set(identityOf(directory), directory)
      return lost.length === 0 ? outcome : { ...outcome, lost }
    } catch (error) {
      return { outcome: 'failed', error: fsError(error, wanted.key) }
    } finally {
      discard(temporary)
    }
  }

  /** Takes away the directories that were made for nothing. */
  #unmake(): void {
    for (const directory of this.#made.toReversed()) {
      try {
        rmdirSync(pathOf(this.#tree.root, directory))
      } catch {
        // Something is in it, or it is gone: it is nobody's to take away, and no key depends on it.
      }
    }
  }

  async #syncDirectories(items: readonly (Staged | Outcome)[], outcomes: Outcome[]): Promise<Outcome[]> {
    const failures = new Map<string, unknown>()
    await Promise.all(
      [...this.#dirty].map(([id, directory]) =>
        this.#tree.syncs.sync(pathOf(this.#tree.root, directory)).catch((error) => failures.set(id, error)),
      ),
    )
    if (failures.size === 0) return outcomes
    return outcomes.map((outcome, at) => {
      const item = items[at]
      if (item === undefined || 'outcome' in item || outcome.outcome !== 'done') return outcome
      const failure = failures.get(identityOf(parentOf(item.wanted.key)))
      return failure === undefined ? outcome : unflushed(item.wanted.key, failure)
    })
  }
}

/** Makes the content lasting and closes the file; gives what went wrong. */
async function flush({ descriptor }: Staged): Promise<unknown> {
  try {
    await flushFile(descriptor)
    return undefined
  } catch (error) {
    return error
  } finally {
    closeSync(descriptor)
  }
}

function discard(temporary: Path): void {
  try {
    unlinkSync(temporary)
  } catch {
    // Renamed, or gone with its directory. What could not be unlinked, the next run sweeps.
  }
}

function unflushed(key: Key, cause: unknown): Outcome {
  const message = `key ${keyText(key)}: written, but its directory could not be flushed (${errnoOf(cause)})`
  return { outcome: 'unknown', error: new RekeyError('E_UNANSWERED', message, { cause }) }
}
