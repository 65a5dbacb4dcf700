/**
 * Names that are looked for, and what was found of each. Where answers come in the order of the names, as those of a listing
 * do, each costs a comparison; a name that comes out of turn is looked for in a map.
 */
import type { Found } from './look-up.ts'

export class Sought {
  readonly names: readonly string[]
  readonly #found: Found[]
  /** where the next name is expected to stand */
  #next = 0
  #places: Map<string, number> | undefined

  /** Each name once. */
  constructor(names: readonly string[]) {
    this.names = names
    this.#found = names.map(() => undefined)
  }

  /** What is found of a name that nobody looks for is passed over. */
  answer(name: string, found: Found): void {
    const place = this.#placeOf(name)
    if (place !== undefined) this.#found[place] = found
  }

  /** One for each, in their order; undefined for a name of which nothing was found, and an error as it stands. */
  answersTo<Failure>(names: readonly (string | Failure)[]): readonly (Found | Failure)[] {
    const answers: (Found | Failure)[] = []
    this.#next = 0
    for (const name of names) {
      const place = typeof name === 'string' ? this.#placeOf(name) : undefined
      answers.push(typeof name === 'string' ? this.#found[place as number] : name)
    }
    return answers
  }

  #placeOf(name: string): number | undefined {
    if (this.names[this.#next] === name) return this.#next++
    this.#places ??= new Map(this.names.map((one, at) => [one, at]))
    const place = this.#places.get(name)
    if (place !== undefined) this.#next = place + 1
    return place
  }
}
