/**
 * Removes what a killed process of this host has left: temporary files, and directories that it made and that are
 * empty. Touches nothing else, and nothing outside the root.
 */
import { readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs'
import type { Key } from '../../record/key.ts'
import { keyOf } from '../../record/key.ts'
import { identityOf, keyProblem, parentOf, pathOf } from './key-path.ts'
import type { Owner, OwnName } from './own-name.ts'
import { isOrphan, isOurName, parseOwnName } from './own-name.ts'
import { Parents } from './parents.ts'
import { parsePlaces } from './places.ts'

export class Orphans {
  readonly #root: string
  readonly #owner: Owner
  readonly #isAlive: (pid: number) => boolean
  readonly #swept = new Set<string>()

  constructor(root: string, owner: Owner, isAlive: (pid: number) => boolean) {
    this.#root = root
    this.#owner = owner
    this.#isAlive = isAlive
  }

  /** Sweeps the root and this directory, each the first time that it is named. The directory must be inside. */
  sweep(directory: Key): void {
    this.#sweepOnce('')
    this.#sweepOnce(directory)
  }

  #sweepOnce(directory: Key): void {
    const id = identityOf(directory)
    if (this.#swept.has(id)) return
    this.#swept.add(id)
    const path = pathOf(this.#root, directory)
    for (const [name, own] of this.#orphansIn(directory)) {
      if (own.kind === 'places' && id === '') this.#followPlaces(this.#root + name)
      const orphan = Buffer.concat([Buffer.from(path), Buffer.from(id === '' ? name : `/${name}`)])
      attempt(() => unlinkSync(orphan))
    }
  }

  #orphansIn(directory: Key): (readonly [string, OwnName])[] {
    const names = attempt(() => readdirSync(pathOf(this.#root, directory))) ?? []
    return names.filter(isOurName).flatMap((name) => {
      const own = parseOwnName(name)
      return own !== undefined && isOrphan(own, this.#owner, this.#isAlive) ? [[name, own] as const] : []
    })
  }

  #followPlaces(path: string): void {
    const parents = new Parents(this.#root)
    const bytes = attempt(() => readFileSync(path)) ?? Buffer.alloc(0)
    // The last that was made first, so that a directory is empty of those below it.
    for (const { directory, made } of parsePlaces(bytes).reverse()) {
      const key = keyOf(directory)
      if (keyProblem(this.#root, key) !== undefined || parents.check(key) !== 'there') continue
      this.#sweepOnce(key)
      if (made && parents.check(parentOf(key)) === 'there') attempt(() => rmdirSync(pathOf(this.#root, key)))
    }
  }
}

/** Sweeping is a service to whoever comes after; what cannot be swept is left, and stops nobody's work. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}
