/**
 * What a part or its journal comes to: how many records, and the sum of their fingerprints, whatever their order. A part
 * and a journal that come to the same have the same records, each as often, but for once in 10^28 journals that have not.
 */
import { Fingerprinter } from '../../record/fingerprint.ts'
import type { Line } from '../../record/line.ts'
import { nameOf } from './accounts.ts'

export class RecordSum {
  count = 0
  readonly #fingerprinter = new Fingerprinter()
  readonly #sums = new Int32Array(4)

  addAll(lines: readonly Line[]): void {
    const { words } = this.#fingerprinter
    for (const line of lines) {
      this.#fingerprinter.take(nameOf(line.open ?? line.record), 0)
      for (let at = 0; at < 4; at++) this.#sums[at] = (this.#sums[at] as number) + (words[at] as number)
    }
    this.count += lines.length
  }

  equals(other: RecordSum): boolean {
    return this.count === other.count && this.#sums.every((sum, at) => sum === other.#sums[at])
  }
}
