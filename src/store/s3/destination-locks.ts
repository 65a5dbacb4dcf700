/**
 * Lets only one call of this process at a time write to a destination, for servers that do not create only by
 * themselves. Holds one promise a key that is being written.
 */
export class DestinationLocks {
  readonly #last = new Map<string, Promise<void>>()

  /** Runs `work` when nobody else holds one of the names. All are taken in one step, so that no two calls wait for each other. */
  async hold<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = new Set<Promise<void>>()
    for (const name of names) {
      const held = this.#last.get(name)
      if (held !== undefined) before.add(held)
    }
    let release = () => {}
    const mine = new Promise<void>((resolve) => {
      release = resolve
    })
    for (const name of names) this.#last.set(name, mine)
    try {
      if (before.size > 0) await Promise.all(before)
      return await work()
    } finally {
      for (const name of names) if (this.#last.get(name) === mine) this.#last.delete(name)
      release()
    }
  }
}
