/** A stage: a tool's work on the stream of lines, and what it is given to do it with. */
import type { Key } from '../record/key.ts'
import type { Line } from '../record/line.ts'
import type { Store, TableShape } from '../store/contract.ts'
import type { LeaseSpace } from '../store/lease/contract.ts'
import type { Command, Running } from './command.ts'

/**
 * Backpressure is the `for await`, early stop is `return`. A stage's first comment says what it holds in memory.
 * A stage that reads no records is given an empty input.
 */
export type Stage = (batches: AsyncIterable<readonly Line[]>, context: Context) => AsyncIterable<readonly Line[]>

/** Everything that a stage has from outside, so that a test needs no process. */
export interface Context {
  /** aborted when no new work is to be taken up; what is in flight is finished */
  readonly stop: AbortSignal
  /** aborted when everything is to end at once */
  readonly abort: AbortSignal
  /** milliseconds since 1970 */
  now(): number
  /** milliseconds on a clock that nobody sets and that goes on while the machine sleeps */
  steady(): number
  /** from 0 up to, not including, 1 */
  random(): number
  /** the terminal that stdout is, as large as it was at the start; absent when stdout is none */
  readonly screen?: { readonly rows: number; readonly columns: number } | undefined
  /** tells the user on stderr what was asked for */
  tell(message: string): void
  /** warns the user on stderr */
  warn(message: string): void
  /** counts records that are dealt with and not put out, under a word of the counts line */
  count(word: string, records: number): void
  /** this process among those of all hosts */
  readonly process: { readonly host: string; readonly pid: number }
  /** what the progress line says beside the counts, asked for each time it is drawn */
  show(state: () => string): void
  /** makes the exit code 1, for what no record that is printed says by its outcome */
  foundBad(): void
  /** the store at a location, opened once a run, with retry and limit around it; throws E_LOCATION, E_AUTH and the like. What is looked at first may be named: `openStore` */
  open(location: string, firstKeys?: readonly Key[]): Promise<Store>
  /** the leases at a location, opened once a run; throws as `open` does */
  openLeases(location: string): Promise<LeaseSpace>
  /** starts a command; throws E_USAGE when there is none of that name */
  start(command: Command): Promise<Running>
  /** makes a table where a store needs one: true when it was made, false when it was there; throws E_USAGE elsewhere */
  createTable(location: string, shape: TableShape): Promise<boolean>
  /** the records of a file that a flag names, as `decode` reads them; throws E_USAGE when it cannot be read */
  records(path: string): AsyncIterable<readonly Line[]>
  /** the bytes of a file that a flag names; throws E_USAGE when it cannot be read */
  readFile(path: string): AsyncIterable<Uint8Array>
  /** opens a file to append to, made when it is not there; throws E_USAGE when it cannot be written */
  appendTo(path: string): Promise<Appender>
  /** a scratch file that nobody else sees and that is gone when the process is, however it ends */
  scratch(): Promise<Scratch>
}

export interface Appender {
  /** resolves when the bytes would survive a loss of power */
  append(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

export interface Scratch {
  append(bytes: Uint8Array): void
  /** fills `into` from `position`; gives how many bytes there were */
  read(into: Uint8Array, position: number): number
  /** everything from the beginning */
  stream(): AsyncIterable<Uint8Array>
  /** its number among this process's open files, for a command that is to read it too */
  readonly descriptor: number
  close(): void
}
