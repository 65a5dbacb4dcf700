/**
 * Cuts the stream into jobs: what passes through, what fails at once, and writes grouped by their two stores.
 * Holds one batch.
 */
import type { RekeyError } from '../record/errors.ts'
import { toRekeyError } from '../record/errors.ts'
import type { Line } from '../record/line.ts'
import type { Context } from '../stage/stage.ts'
import type { Pair, Store } from '../store/contract.ts'
import type { Task } from './task.ts'

/** One write that is asked for. */
export interface Work {
  readonly line: Line
  readonly pair: Pair
  /** `put` writes the record's value, and reads no source */
  readonly put: boolean
}

/** Writes that go to one store, from one store. */
export interface Job {
  readonly source: Store
  readonly dest: Store
  readonly works: readonly Work[]
}

/** Groups the tasks of a batch by source, destination and kind, in the order of their first records. */
export class Grouping {
  readonly #groups = new Map<string, { source: string; dest: string; works: Work[] }>()

  add(line: Line, task: Task & { kind: 'copy' | 'put' }): void {
    const put = task.kind === 'put'
    const source = put ? task.dest : task.source
    const name = `${task.kind} ${source.length} ${source}${task.dest}`
    const group = this.#groups.get(name) ?? { source, dest: task.dest, works: [] }
    this.#groups.set(name, group)
    group.works.push({ line, put, pair: { from: put ? task.to : task.from, to: task.to } })
  }

  /**
   * The jobs of at most `sizeOf(dest)` works each. A group whose stores cannot be opened because of its locations is
   * given to `refuse`; any other trouble with a store is thrown.
   */
  async *jobs(
    context: Context,
    sizeOf: (dest: Store) => number,
    refuse: (works: readonly Work[], error: RekeyError) => void,
  ): AsyncGenerator<Job> {
    for (const group of this.#groups.values()) {
      const stores = await openBoth(context, group.source, group.dest).catch((thrown: unknown) => {
        const error = toRekeyError(thrown)
        if (error.code !== 'E_LOCATION') throw error
        refuse(group.works, error)
      })
      if (stores === undefined) continue
      const size = sizeOf(stores.dest)
      for (let at = 0; at < group.works.length; at += size) yield { ...stores, works: group.works.slice(at, at + size) }
    }
  }
}

async function openBoth(context: Context, source: string, dest: string): Promise<{ source: Store; dest: Store }> {
  return { source: await context.open(source), dest: await context.open(dest) }
}
