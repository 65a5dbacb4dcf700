/** Who keeps leases, on what terms, and by which clocks. */

/** Time as a claim needs it: what is written, and what is counted by. */
export interface Clock {
  /** milliseconds since 1970; may be wrong, and may be set */
  now(): number
  /** milliseconds on a clock that nobody sets and that goes on while the machine sleeps */
  steady(): number
}

/** Who claims, and on what terms. */
export interface Keeper {
  readonly worker: { readonly id: string; readonly host: string; readonly pid: number }
  /** how long a heartbeat is good for, as it is written for others */
  readonly termMs: number
  /** after how long without a heartbeat a lease may be taken over */
  readonly staleMs: number
  readonly clock: Clock
}
