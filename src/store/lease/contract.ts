/**
 * What a lease space is: a place where named leases are kept, each one small record. Every change is a compare-and-swap
 * on what was read before; none ever deletes a lease to make room for another. A space never retries and never judges.
 */

/** A lease as it is stored. Its times are for people and for workers of other kinds: ours never judge by them. */
export interface LeaseRecord {
  /** names one process among those of all hosts */
  readonly worker_id: string
  readonly host?: string
  readonly pid?: number
  /** grows with every holder: what a holder writes under it can be told from what an earlier one has left */
  readonly token: number
  /** grows with every heartbeat of one holder, so that no two records of a lease are ever alike */
  readonly beats: number
  readonly state: 'held' | 'released'
  /** how often what it is about has failed */
  readonly attempts: number
  /** how long the holder takes itself for one after a heartbeat, milliseconds; absent in leases of another kind */
  readonly stale_ms?: number
  readonly created_at: string
  /** absent in some leases of another kind */
  readonly heartbeat_at?: string
  readonly expires_at?: string
}

/** A lease as it was found. */
export interface SeenLease {
  readonly record: LeaseRecord
  /** for `replace`: what is there is still this */
  readonly version: string
  /** changes whenever the holder has shown itself, also where it does so without a new version */
  readonly mark: string
  /** milliseconds since it was last written, by the clock of the store alone; undefined where that does not tell */
  readonly ageMs: number | undefined
}

export interface LeaseSpace {
  /** without credentials */
  readonly location: string
  /**
   * Tries out that the store obeys the conditions that leases stand on. Throws E_UNSUPPORTED where it does not. Called
   * once, before the first lease is claimed.
   */
  check(signal: AbortSignal): Promise<void>
  /** Undefined where there is none. */
  read(name: string, signal: AbortSignal): Promise<SeenLease | undefined>
  /**
   * Creates it where there is none; gives its version, undefined when there is one. Throws E_UNANSWERED when it was sent
   * and no answer came: then only a look tells, and what is asked of `replace` likewise.
   */
  create(name: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined>
  /** Puts `record` in the place of that version; gives the new version, undefined when something else is there. */
  replace(name: string, version: string, record: LeaseRecord, signal: AbortSignal): Promise<string | undefined>
  close(): Promise<void>
}
