/**
 * The directories above keys: whether they are inside the root, also behind symbolic links, and making them. Remembers
 * what it has seen for one batch, because somebody else may change it.
 */
import { mkdirSync, realpathSync } from 'node:fs'
import { RekeyError } from '../../record/errors.ts'
import type { Key } from '../../record/key.ts'
import { keyText } from '../../record/key.ts'
import { errnoOf, fsError } from './fs-error.ts'
import { identityOf, parentOf, pathOf } from './key-path.ts'
import { makeDirectory } from './make-directory.ts'

/** Called before a directory is made. */
export type OnMake = (directory: Key) => void

type State = 'there' | 'missing' | RekeyError

export class Parents {
  readonly #root: string
  readonly #seen = new Map<string, State>()
  #realRoot: Buffer | undefined

  constructor(root: string) {
    this.#root = root
  }

  /**
   * Whether the directory of this key is there. E_OUTSIDE when it really is outside the root, E_BLOCKED when a file
   * stands in its way, E_DENIED when one may not look.
   */
  check(directory: Key): State {
    const id = identityOf(directory)
    const seen = this.#seen.get(id)
    if (seen !== undefined) return seen
    const state = this.#look(directory)
    this.#seen.set(id, state)
    return state
  }

  /** The same, making what is missing. */
  make(directory: Key, onMake: OnMake): 'there' | RekeyError {
    const state = this.check(directory)
    if (state !== 'missing') return state
    if (directory.length > 0) {
      const above = this.make(parentOf(directory), onMake)
      if (above !== 'there') return above
      onMake(directory)
    }
    try {
      if (directory.length === 0) makeDirectory(this.#root)
      else mkdirSync(pathOf(this.#root, directory))
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') return fsError(error, directory)
    }
    this.#seen.delete(identityOf(directory))
    const made = this.check(directory)
    if (made !== 'missing') return made
    return new RekeyError('E_BLOCKED', `directory ${keyText(directory)}: a symbolic link that leads nowhere`)
  }

  /** Forgets what was seen of a directory, after it has turned out to be otherwise. */
  forget(directory: Key): void {
    for (let key = directory; ; key = parentOf(key)) {
      this.#seen.delete(identityOf(key))
      if (key.length === 0) break
    }
    this.#realRoot = undefined
  }

  #look(directory: Key): State {
    if (directory.length > 0) {
      const above = this.check(parentOf(directory))
      if (above !== 'there') return above
    }
    try {
      const real = realpathSync.native(pathOf(this.#root, directory), 'buffer')
      if (directory.length === 0) this.#realRoot = Buffer.concat([real, Buffer.from(real.at(-1) === 0x2f ? '' : '/')])
      else if (!isInside(real, this.#realRoot as Buffer)) return outside(directory)
      return 'there'
    } catch (error) {
      return errnoOf(error) === 'ENOENT' ? 'missing' : fsError(error, directory)
    }
  }
}

function isInside(real: Buffer, realRoot: Buffer): boolean {
  return real.length + 1 === realRoot.length
    ? realRoot.subarray(0, -1).equals(real)
    : real.subarray(0, realRoot.length).equals(realRoot)
}

function outside(directory: Key): RekeyError {
  return new RekeyError('E_OUTSIDE', `directory ${keyText(directory)}: a symbolic link leads out of the location`)
}
