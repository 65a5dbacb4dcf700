/** Counts of a run: what became of the records, and the one line that says so. */
import type { Line } from '../record/line.ts'
import type { AnyTool } from './tools.ts'

export class Tally {
  readonly #counts = new Map<string, { records: number }>()
  /** failures that this run has found, not those that came in with their records */
  newFailures = 0
  /** whether any record failed, differs or is unknown, here or in an earlier tool */
  anyBad = false
  readonly #tool: AnyTool

  constructor(tool: AnyTool) {
    this.#tool = tool
  }

  /** by the words, in alphabetical order, so that two runs are told alike */
  get counts(): readonly (readonly [string, number])[] {
    const counts = Array.from(this.#counts, ([word, { records }]) => [word, records] as const)
    return counts.sort(([one], [other]) => (one < other ? -1 : 1))
  }

  get total(): number {
    let total = 0
    for (const { records } of this.#counts.values()) total += records
    return total
  }

  add(line: Line): void {
    const record = line.open ?? line.record
    // What is unknown of a write is known once verify has looked.
    const isUnknown = record.outcome === 'unknown' && record.verified !== true
    const bad = record.outcome === 'failed' || isUnknown || record.verified === false
    if (bad) {
      this.anyBad = true
      if (record.outcome !== line.cameAs || record.verified === false) this.newFailures++
    }
    this.count(this.#tool.tally?.(record) ?? record.outcome ?? 'open', 1)
  }

  count(word: string, records: number): void {
    const count = this.#counts.get(word)
    if (count === undefined) this.#counts.set(word, { records })
    else count.records += records
  }

  /** `20,000 records in 2.1 s: 19,990 done, 10 skipped` */
  toText(elapsedMs: number): string {
    const total = this.total
    const parts = this.counts.map(([word, count]) => `${grouped(count)} ${word}`)
    const sum = parts.length === 0 ? '' : `: ${parts.join(', ')}`
    const { one, many } = this.#tool.counts ?? { one: 'record', many: 'records' }
    return `${grouped(total)} ${total === 1 ? one : many} in ${(elapsedMs / 1000).toFixed(1)} s${sum}`
  }
}

export function grouped(count: number): string {
  // The first toLocaleString of a process takes 13 ms.
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
