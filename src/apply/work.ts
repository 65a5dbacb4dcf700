/** What copy-apply is to write, and what it has found out about each write. */
import type { Line } from '../record/line.ts'
import type { StoreGroup } from '../stage/store-groups.ts'
import type { Entry, Guard, Outcome, Pair } from '../store/contract.ts'
import type { Forecast } from './forecast.ts'
import type { IfExists } from './if-exists.ts'

/** One write that is asked for. */
export interface Work {
  readonly line: Line
  readonly pair: Pair
  /** writes the record's value, and reads no source */
  readonly put: boolean
}

/** Writes that go to one store, from one store. */
export type Job = StoreGroup<Work>

export interface CopySettings {
  readonly ifExists: IfExists
  readonly dryRun: boolean
  /** what a dry run leaves undone is counted here */
  readonly forecast?: Forecast | undefined
  /** how often a write that got no answer, and of which the destination shows nothing, is sent again */
  readonly retries: number
  /** whether an earlier run began to write this record's destination and did not tell the end */
  isInDoubt(work: Work): boolean
  /** notes, so that it survives a crash, that these are about to be written and that their destinations are absent */
  note(works: readonly Work[]): Promise<void>
}

/** `planned` stands for a write that --dry-run leaves undone. */
export type Settlement = Outcome | { readonly outcome: 'planned'; readonly reason: 'dry-run' }

/** A write that is to be made. */
export interface Attempt {
  readonly work: Work
  readonly guard: Guard
  readonly pair: Pair
  /** the destination before the write */
  readonly before: Entry | undefined
}
