/** Parts of even weight: each item goes to the part that has the least so far, the lowest number where several have. */

export class Loads {
  readonly #loads: Float64Array
  /** part numbers as a binary heap, the least loaded first */
  readonly #heap: Uint32Array

  constructor(parts: number) {
    this.#loads = new Float64Array(parts)
    this.#heap = Uint32Array.from({ length: parts }, (_, part) => part)
  }

  /** Puts a weight of 0 or more on the least loaded part, and gives its number. */
  place(weight: number): number {
    const part = this.#heap[0] as number
    this.#loads[part] = (this.#loads[part] as number) + weight
    this.#sink(part)
    return part
  }

  of(part: number): number {
    return this.#loads[part] as number
  }

  /** The part of each item, the heaviest placed first, and of equal ones the first. */
  placeAll(weights: Float64Array): Uint32Array {
    const order = Uint32Array.from(weights, (_, item) => item)
    order.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b)
    const parts = new Uint32Array(weights.length)
    for (const item of order) parts[item] = this.place(weights[item] as number)
    return parts
  }

  #sink(part: number): void {
    const heap = this.#heap
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#isLess(heap[child + 1] as number, heap[child] as number)) child++
      if (!this.#isLess(heap[child] as number, part)) break
      heap[at] = heap[child] as number
      at = child
    }
    heap[at] = part
  }

  #isLess(a: number, b: number): boolean {
    const loadA = this.#loads[a] as number
    const loadB = this.#loads[b] as number
    return loadA === loadB ? a < b : loadA < loadB
  }
}
