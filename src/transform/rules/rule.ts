/** What a rule is: a name for a way to make one text of another, with the table that its page and its tests use. */
import type { KeyRecord } from '../../record/record.ts'
import type { Unfit } from '../unfit.ts'

export interface Rule {
  readonly name: string
  /** one line */
  readonly help: string
  /**
   * What `--rule` gives it: the whole `key`, or only the `name` behind the last slash without its extension.
   * In a template it is given the text of its field, whatever this says.
   */
  readonly takes: 'key' | 'name'
  /** Pure. Unfit when there is nothing right to make of the text. */
  apply(text: string, record: KeyRecord): string | Unfit
  readonly examples: readonly RuleExample[]
}

/** A row of a rule's table. */
export interface RuleExample {
  readonly text: string
  /** the record's value, where the rule looks at it */
  readonly value?: unknown
  /** what comes out; absent where the text is unfit */
  readonly gives?: string
  /** what the row is there to show */
  readonly shows?: string
}
