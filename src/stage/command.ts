/** A command that a tool runs, as a stage sees it. */

export interface Command {
  /** its name and its arguments */
  readonly words: readonly string[]
  /** added to the environment */
  readonly env: Readonly<Record<string, string>>
  /** the descriptor of a file that it finds open as `/dev/fd/3`; undefined for none */
  readonly file: number | undefined
  /**
   * By the steady clock: when it is killed, with all that it has started, unless `allow` has moved that. It is killed in
   * time also when this process is stopped, and at once when this process has ended.
   */
  readonly endsAtMs: number
}

/** How a command has ended: with a code, or by a signal. */
export type Ended = { readonly code: number } | { readonly signal: string }

export interface Running {
  /**
   * Resolves when more can be written; false when the command has closed its stdin. The memory of `bytes` is not to be
   * changed afterwards.
   */
  write(bytes: Uint8Array): Promise<boolean>
  /** the end of its stdin */
  end(): void
  /** its stdout, to its end; stderr is the tool's own */
  readonly output: AsyncIterable<Uint8Array>
  /** resolves when it has ended and its stdout is read */
  readonly ended: Promise<Ended>
  allow(endsAtMs: number): void
  /** tells it and all that it has started to end: SIGTERM */
  stop(): void
  /** ends it and all that it has started: SIGKILL */
  kill(): void
}
