/** What the exit code of a tool says. A run that a signal has stopped ends with 128 and the signal's number instead. */
export const EXIT = {
  ok: 0,
  /** finished, and some records failed, differ or are unknown */
  badRecords: 1,
  /** the command cannot be carried out; nothing was touched */
  usage: 2,
  /** stopped early: a store that could not be listed, --max-errors, an output that was closed */
  stopped: 3,
} as const
