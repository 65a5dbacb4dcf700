/** What a JSON file holds, as far as a listing must know it: values one behind the other, or arrays in an object. */
import type { Token } from 'stream-json/core/parser.js'

/** Where the elements are: they are the file's values, or those of the array that the names lead to (none: the first value). */
export type Shape = { readonly kind: 'values' } | { readonly kind: 'array'; readonly path: readonly string[] }

/** How many arrays are remembered: more than anybody would choose from. */
const MOST_ARRAYS = 100

/** Goes through a file whose first value is an object, and finds the arrays in it that are not within another. */
export class Survey {
  /** their paths; undefined as soon as a second value shows that the values are the elements */
  arrays: (readonly string[])[] | undefined = []
  /** names of the members that are read; behind the array in which it is, none */
  readonly #names: string[] = []
  #depth = 0
  #arrayDepth = 0
  #isBehindFirst = false

  /** True when no more need be seen. */
  take(tokens: readonly Token[]): boolean {
    for (const token of tokens) {
      if (this.#isBehindFirst) {
        this.arrays = undefined
        return true
      }
      if (token.name === 'keyValue') {
        if (this.#arrayDepth === 0) this.#names[this.#depth - 1] = token.value
      } else if (token.name.startsWith('start')) this.#enter(token.name === 'startArray')
      else if (token.name.startsWith('end')) this.#leave()
    }
    return (this.arrays?.length ?? 0) >= MOST_ARRAYS
  }

  #enter(isArray: boolean): void {
    if (this.#arrayDepth > 0) this.#arrayDepth++
    else if (isArray) {
      this.arrays?.push(this.#names.slice(0, this.#depth))
      this.#arrayDepth = 1
    } else this.#depth++
  }

  #leave(): void {
    if (this.#arrayDepth > 0) this.#arrayDepth--
    else this.#isBehindFirst = --this.#depth === 0
  }
}
