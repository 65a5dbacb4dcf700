/**
 * What a tool is: a name, its flags as data that carry their own documentation, a check that touches nothing, and a
 * stage. Help, completions, man pages and the README's tables are made from this.
 */
import type { KeyRecord } from '../record/record.ts'
import type { StoreSettings } from '../store/contract.ts'
import type { Stage } from './stage.ts'

interface FlagText {
  /** one line for the help; what happens without the flag, where that is not plain */
  readonly help: string
  /** what stands for the value in the help, in capitals */
  readonly value?: string
  readonly alias?: string
}

export type Flag = FlagText &
  (
    | { readonly type: 'boolean' }
    | {
        readonly type: 'string'
        readonly many?: boolean
        readonly default?: string
        /** it can stand alone, for this value; a word behind it is its value unless it is a location, with a slash or a colon */
        readonly bare?: string
      }
    | { readonly type: 'number'; readonly min: number; readonly max?: number; readonly default?: number }
    | { readonly type: 'choice'; readonly choices: readonly string[]; readonly default?: string }
  )

/** The value that a flag comes to; undefined when it was not given and has no default. */
export type FlagValue = boolean | string | number | readonly string[] | undefined

/** What the command line says: the flags by their names, and the words that are no flags. */
export interface Arguments {
  readonly flags: Readonly<Record<string, FlagValue>>
  readonly words: readonly string[]
  /** what stands behind `--`, where the tool runs a command */
  readonly command: readonly string[]
}

export interface Example {
  readonly command: string
  readonly says: string
}

export interface Tool<Options = unknown> {
  readonly name: string
  /** five words or so */
  readonly summary: string
  /** what the words on the command line are */
  readonly words: {
    readonly name: string
    readonly help: string
    readonly required: boolean
    /** there is one, no more */
    readonly isOne?: boolean
  }
  /** the command that the tool runs, given behind `--`; absent for a tool that runs none */
  readonly command?: { readonly name: string; readonly help: string }
  /** what its lines are about, for the counts line; `record` when this is absent */
  readonly counts?: { readonly one: string; readonly many: string }
  /** `records` from stdin or the files named; `nothing` when the words are locations */
  readonly reads: 'records' | 'nothing'
  readonly examples: readonly Example[]
  readonly flags: Readonly<Record<string, Flag>>
  /** what it holds in memory */
  readonly holds: string
  /** what it does on failure */
  readonly onFailure: string
  /**
   * It reads stdin alone. What is read goes to stdout byte for byte, before the stage sees it, and nothing that the stage gives is printed. The
   * first signal does not stop it: who writes into the pipe gets that signal too, and what it still has to say is handed on.
   */
  readonly handsOn?: boolean
  /** Its lines are a report for people or programs, no records: they are not counted. `failed` makes the exit code 1. */
  readonly reports?: boolean
  /** how to go on after a run that was stopped */
  readonly goOn: string
  /** what a closed output means: the reader has had enough, or outcomes are being lost */
  closedOutput(options: Options): 'quiet' | 'stop'
  /** what is printed instead of a run, where the flags ask for that; needs no input */
  tells?(args: Arguments): string | undefined
  /** Arguments to options; touches nothing; throws E_USAGE, naming the flag. */
  check(args: Arguments): Options
  settings?(options: Options): Partial<StoreSettings>
  stage(options: Options): Stage
  /** files that this run's output goes on from; one whose last line was cut short is mended before it is added to */
  continues?(options: Options): readonly string[]
  /** the word under which a finished record is counted; its outcome, or `open`, when this is absent */
  tally?(record: KeyRecord): string
  /** whether a finished record is printed; every one, when this is absent. It is counted either way. */
  prints?(options: Options, record: KeyRecord): boolean
}

export function text(args: Arguments, name: string): string | undefined {
  return args.flags[name] as string | undefined
}

export function texts(args: Arguments, name: string): readonly string[] {
  return (args.flags[name] as readonly string[] | undefined) ?? []
}

export function number(args: Arguments, name: string): number | undefined {
  return args.flags[name] as number | undefined
}

export function flag(args: Arguments, name: string): boolean {
  return args.flags[name] === true
}
