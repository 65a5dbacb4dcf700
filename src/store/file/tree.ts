/** What the calls of one opened file store share. */
import type { Surroundings } from '../open.ts'
import { DirectorySyncs } from './directory-syncs.ts'
import { Orphans } from './orphans.ts'
import type { Owner } from './own-name.ts'
import { ownerOf, ownName } from './own-name.ts'
import { Places } from './places.ts'

/** Content up to this size is copied through `buffer` in one read and one write. */
export const SMALL_BYTES = 64 * 1024

export class Tree {
  /** absolute, ends with `/` */
  readonly root: string
  readonly owner: Owner
  readonly syncs = new DirectorySyncs()
  readonly places: Places
  readonly orphans: Orphans
  readonly warn: (message: string) => void
  /** for use between two awaits only; one byte more, so that content which has grown is noticed */
  readonly buffer = Buffer.allocUnsafe(SMALL_BYTES + 1)
  #names = 0

  constructor(root: string, { processName, isAlive, warn }: Surroundings) {
    this.root = root
    this.warn = warn
    // When the process began: the same for every store that it opens, and another for the next process of its id.
    this.owner = ownerOf(processName, performance.timeOrigin)
    this.places = new Places(root, this.owner)
    this.orphans = new Orphans(root, this.owner, isAlive)
  }

  /** A name for a temporary file that this tree has not used; another store of this process may have. */
  temporaryName(): string {
    return ownName('temporary', this.owner, this.#names++)
  }
}
