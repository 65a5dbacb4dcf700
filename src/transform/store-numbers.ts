/** Numbers the stores of a plan, the empty location too. Holds their names. */
export class StoreNumbers {
  readonly #numbers = new Map<string, number>()
  #last: string | undefined
  #lastNumber = 0

  numberOf(store: string): number {
    if (store === this.#last) return this.#lastNumber
    let number = this.#numbers.get(store)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(store, number)
    }
    this.#last = store
    this.#lastNumber = number
    return number
  }
}
